package executor

import (
	"fmt"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// marathonSource is what the log calls Marathon's remainder.
const marathonSource = "the cmd in Marathon's ExecutorInfo.command"

// marathonCmd is an app's cmd out of what Marathon makes the agent's shell run
// for an app with an executor of its own:
//
//	chmod ug+rx '<path>' && exec '<path>' <cmd>
//
// (TaskBuilder.scala; neither is escaped there). It says false for everything
// else. That shell has read cmd as well, before this process began: its words
// became the executor's arguments, and what it did besides tells shellTraps.
func marathonCmd(e *mesos.ExecutorInfo) (string, bool) {
	c := e.GetCommand()
	if c == nil || !c.GetShell() {
		return "", false
	}
	rest, ok := strings.CutPrefix(c.GetValue(), "chmod ug+rx '")
	if !ok {
		return "", false
	}
	path, _, ok := strings.Cut(rest, "'")
	if !ok {
		return "", false
	}
	rest, ok = strings.CutPrefix(rest, path+"' && exec '"+path+"'")
	if !ok || rest != "" && rest[0] != ' ' {
		return "", false
	}
	return strings.TrimPrefix(rest, " "), true
}

// marathonScript is the script in a cmd. A cmd that begins with a dash (our own
// flags) and one that is a single quoted word hold none of their own: the
// executor's arguments have it, as the shell has left it.
func marathonScript(cmd string) string {
	if strings.HasPrefix(strings.TrimSpace(cmd), "-") || quotedWord(cmd) {
		return ""
	}
	return cmd
}

// marathonWarnings are for the author of an app: one for each kind of thing that
// the shell around the executor took out of cmd. again says that cmd is also the
// task's script, so that a second shell does the same once more.
func marathonWarnings(cmd, prefix string, again bool) []string {
	found := map[trapKind][]string{}
	for _, t := range shellTraps(cmd) {
		found[t.kind] = append(found[t.kind], fmt.Sprintf("%q", shorten(t.text)))
	}
	advice := fmt.Sprintf(`write all of cmd as one single-quoted word, or give the command as label %scommand and set "cmd": " "`, prefix)
	var out []string
	for kind := range trapKinds {
		texts := found[kind]
		if len(texts) == 0 || !again && kind != trapBackground && kind != trapEither {
			continue
		}
		out = append(out, fmt.Sprintf("Marathon's cmd: %s %s; %s", strings.Join(texts, ", "), trapSays[kind], advice))
	}
	return out
}

// trapSays continues a warning; each is shown to be true by a test.
var trapSays = [trapKinds]string{
	trapRedirection:  "was obeyed twice: at first by the shell that started the executor, for the executor's own output or input and before any volume was there",
	trapSubstitution: "ran twice: at first in the shell that started the executor, outside the task and before any volume was there",
	trapPipe:         "runs twice: also in the shell that started the executor, outside the task, with the executor's output",
	trapBackground:   "made the shell that started the executor go on without it: when that shell ends, the agent takes the executor for ended and kills the task",
	trapEither:       "means the background to a plain shell, which then goes on without the executor so that the agent kills the task, and a redirection to others",
}

// shownText bounds what a warning repeats of a cmd, in bytes.
const shownText = 60

func shorten(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= shownText {
		return s
	}
	return strings.ToValidUTF8(s[:shownText], "") + "…"
}
