package flockertest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request is one as the handlers see it.
type request struct {
	*http.Request
	body []byte
	arg  string // the variable part of the path
}

type handler func(*Service, request) response

// route is one path of the API. A name of * stands for one non-empty segment.
type route struct {
	path    string
	allow   string // as the 405 answer words it, in the recorded order
	methods map[string]handler
}

var routes = []route{
	{"version", "HEAD, GET", map[string]handler{"GET": (*Service).version}},
	{"state/nodes", "HEAD, GET", map[string]handler{"GET": (*Service).stateNodes}},
	{"state/nodes/by_era/*", "HEAD, GET", map[string]handler{"GET": (*Service).nodeByEra}},
	{"state/datasets", "HEAD, GET", map[string]handler{"GET": (*Service).stateDatasets}},
	{"state/containers", "HEAD, GET", map[string]handler{"GET": emptyList}},
	{"configuration/containers", "HEAD, GET", map[string]handler{"GET": emptyList}},
	{"configuration/datasets", "HEAD, POST, GET", map[string]handler{"GET": (*Service).listDatasets, "POST": (*Service).createDataset}},
	{"configuration/datasets/*", "POST, DELETE", map[string]handler{"POST": (*Service).updateDataset, "DELETE": (*Service).deleteDataset}},
	{"configuration/leases", "HEAD, POST, GET", map[string]handler{"GET": (*Service).listLeases, "POST": (*Service).acquireLease}},
	{"configuration/leases/*", "DELETE", map[string]handler{"DELETE": (*Service).releaseLease}},
	{"configuration/_compose", "POST", map[string]handler{"POST": (*Service).compose}},
}

// answer finds the handler of a request. Below /v1 a route must match exactly,
// but for slashes directly after it; anything else is another resource's 404.
func (s *Service) answer(r request) response {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	rest, ok := strings.CutPrefix(path, "/v1")
	if !ok || rest != "" && rest[0] != '/' {
		return noSuchResource()
	}
	segments := strings.Split(strings.TrimLeft(rest, "/"), "/")
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segments[i] = plain
		}
	}
	for _, route := range routes {
		arg, ok := route.match(segments)
		if !ok {
			continue
		}
		r.arg = arg
		return route.serve(s, r)
	}
	return notFound()
}

func (t route) match(segments []string) (arg string, ok bool) {
	same := func(pattern, segment string) bool {
		if pattern == "*" && segment != "" {
			arg = segment
			return true
		}
		return pattern == segment
	}
	ok = slices.EqualFunc(strings.Split(t.path, "/"), segments, same)
	return arg, ok
}

// serve calls the method's handler. HEAD is listed as allowed wherever GET is,
// and answered with 400 all the same (recorded).
func (t route) serve(s *Service, r request) response {
	if h, ok := t.methods[r.Method]; ok {
		return h(s, r)
	}
	if _, get := t.methods["GET"]; get && r.Method == http.MethodHead {
		return response{status: http.StatusBadRequest, mime: jsonType, bodiless: true}
	}
	answer := notAllowed(t.allow)
	answer.bodiless = r.Method == http.MethodHead
	return answer
}

func (s *Service) version(request) response {
	return success(http.StatusOK, object{{"flocker", "1.15.0"}})
}

func emptyList(*Service, request) response { return success(http.StatusOK, []object{}) }
