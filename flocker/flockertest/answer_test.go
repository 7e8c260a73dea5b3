package flockertest_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// readAnswer takes one answer apart without hiding anything of it.
func readAnswer(in *bufio.Reader, method string) (a answer, err error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return a, err
	}
	parts := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(parts) != 3 {
		return a, fmt.Errorf("status line %q", line)
	}
	a.Version, a.Reason = parts[0], parts[2]
	if a.Status, err = strconv.Atoi(parts[1]); err != nil {
		return a, err
	}
	length, chunked := -1, false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return a, err
		}
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			break
		}
		a.Headers = append(a.Headers, [2]string{name, value})
		switch name {
		case "Content-Length":
			length, _ = strconv.Atoi(value)
		case "Transfer-Encoding":
			chunked = value == "chunked"
		}
	}
	if method == http.MethodHead || a.Status < 200 {
		return a, nil
	}
	a.Body, err = readBody(in, length, chunked)
	return a, err
}

func readBody(in *bufio.Reader, length int, chunked bool) (string, error) {
	if length >= 0 {
		body := make([]byte, length)
		_, err := io.ReadFull(in, body)
		return string(body), err
	}
	if !chunked {
		body, err := io.ReadAll(in)
		return string(body), err
	}
	body := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return body, err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return body, err
		}
		chunk := make([]byte, size+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return body, err
		}
		if size == 0 {
			return body, nil
		}
		body += string(chunk[:size])
	}
}
