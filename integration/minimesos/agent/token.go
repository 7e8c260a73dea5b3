package agent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// claims are what an executor's token says. Mesos writes them sorted by name.
type claims struct {
	Container string `json:"cid"`
	Executor  string `json:"eid"`
	Framework string `json:"fid"`
}

func (e *executor) claims() claims {
	return claims{Container: e.containerID, Executor: e.id, Framework: e.framework.id}
}

var base64url = base64.RawURLEncoding

// newToken is a JWT signed with HMAC-SHA256. It never expires.
func newToken(key []byte, c claims) string {
	payload, err := json.Marshal(c)
	if err != nil {
		return "" // three strings can be encoded
	}
	text := base64url.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64url.EncodeToString(payload)
	return text + "." + base64url.EncodeToString(sign(key, text))
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// readToken returns what a token claims, with Mesos' words for what is wrong.
func readToken(key []byte, token string) (claims, error) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("Expected 3 components in token, got %d", len(parts)) //nolint:staticcheck // Mesos' words
	}
	payload, err := base64url.DecodeString(parts[1])
	if err != nil {
		return c, fmt.Errorf("Failed to base64url-decode: %w", err) //nolint:staticcheck // Mesos' words
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, fmt.Errorf("Failed to parse payload: %w", err) //nolint:staticcheck // Mesos' words
	}
	signature, err := base64url.DecodeString(parts[2])
	if err != nil || !hmac.Equal(signature, sign(key, parts[0]+"."+parts[1])) {
		return c, errors.New("Token signature does not match") //nolint:staticcheck // Mesos' words
	}
	return c, nil
}

// authenticate is the first thing done with a request. It returns nil claims
// when executors are not authenticated.
func (a *agent) authenticate(r *http.Request) (*claims, *wire.Problem) {
	if !a.cfg.AuthenticateExecutors {
		return nil, nil
	}
	lines, ok := r.Header["Authorization"]
	if !ok {
		return nil, unauthorized("")
	}
	words := strings.Split(lines[0], " ")
	if len(words) != 2 {
		return nil, unauthorized("Malformed 'Authorization' header")
	}
	if words[0] != "Bearer" {
		return nil, unauthorized("Scheme '" + words[0] + "' unsupported")
	}
	c, err := readToken(a.cfg.JWTKey, words[1])
	if err != nil {
		return nil, unauthorized("Invalid JWT: " + err.Error())
	}
	return &c, nil
}

func unauthorized(description string) *wire.Problem {
	challenge := `Bearer realm="mesos-agent-executor"`
	if description != "" {
		challenge += `, error="invalid_token", error_description="` + description + `"`
	}
	return &wire.Problem{
		Status: http.StatusUnauthorized, Text: "401 Unauthorized.",
		Header: http.Header{"WWW-Authenticate": {challenge}},
	}
}

// authorize compares a token's claims with the executor a call speaks for.
func (c *claims) authorize(e *executor) *wire.Problem {
	if c == nil {
		return nil
	}
	principal := fmt.Sprintf(`Authenticated principal '{"claims":{"fid":%q,"eid":%q,"cid":%q}}' does not contain `,
		c.Framework, c.Executor, c.Container)
	switch {
	case c.Framework != e.framework.id:
		return wire.Forbidden("%s", principal+"an 'fid' claim with the framework ID "+e.framework.id+", which is set in the call")
	case c.Executor != e.id:
		return wire.Forbidden("%s", principal+"an 'eid' claim with the executor ID "+e.id+", which is set in the call")
	case c.Container != e.containerID:
		return wire.Forbidden("%s", principal+"a 'cid' claim with the correct active ContainerID")
	}
	return nil
}
