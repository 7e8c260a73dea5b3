package executor

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
)

// The kinds of values that docker run's options have, read as its command line
// reads them. field gives the place of the value in a draft.

func text(field func(*draft) *string) option {
	return func(d *draft, value string) error {
		if strings.ContainsRune(value, 0) {
			return errors.New("contains a zero byte")
		}
		*field(d) = value
		return nil
	}
}

func boolean(field func(*draft) *bool) option {
	return func(d *draft, value string) error {
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("true and false are allowed")
		}
		*field(d) = b
		return nil
	}
}

func list(field func(*draft) *[]string) option {
	return func(d *draft, value string) error {
		if value == "" || strings.ContainsRune(value, 0) {
			return errors.New("empty, or with a zero byte")
		}
		*field(d) = append(*field(d), value)
		return nil
	}
}

// pairs reads <key>=<value>; without a value it is "".
func pairs(field func(*draft) *map[string]string) option {
	return func(d *draft, value string) error {
		key, value, _ := strings.Cut(value, "=")
		if key == "" {
			return errors.New("<key>=<value> is allowed")
		}
		if *field(d) == nil {
			*field(d) = map[string]string{}
		}
		(*field(d))[key] = value
		return nil
	}
}

func integer(field func(*draft) *int64) option {
	return func(d *draft, value string) error {
		n, err := strconv.ParseInt(value, 0, 64)
		if err != nil {
			return errors.New("a whole number is allowed")
		}
		*field(d) = n
		return nil
	}
}

// between is an integer within bounds that the engine has none for.
func between(low, high int64, set func(d *draft, n int64)) option {
	return func(d *draft, value string) error {
		n, err := strconv.ParseInt(value, 0, 64)
		if err != nil || n < low || n > high {
			return fmt.Errorf("a whole number from %d to %d is allowed", low, high)
		}
		set(d, n)
		return nil
	}
}

// size in bytes: a number with b, k, m, g, powers of 1024.
func size(field func(*draft) *int64) option {
	return func(d *draft, value string) error {
		n, err := bytesOf(value)
		if err == nil {
			*field(d) = n
		}
		return err
	}
}

// sizeOrNone is size, or -1 for no limit.
func sizeOrNone(field func(*draft) *int64) option {
	return func(d *draft, value string) error {
		if value == "-1" {
			*field(d) = -1
			return nil
		}
		return size(field)(d, value)
	}
}

func bytesOf(text string) (int64, error) {
	n, err := units.RAMInBytes(text)
	if err != nil || n < 0 {
		return 0, errors.New("a size is allowed: a number with b, k, m, g or t, powers of 1024")
	}
	return n, nil
}

func duration(field func(*draft) *time.Duration) option {
	return func(d *draft, value string) error {
		span, err := time.ParseDuration(value)
		if err != nil || span < 0 || span > 0 && span < time.Millisecond {
			return errors.New("0, or a time of at least 1ms with a unit, as in 1m30s, is allowed")
		}
		*field(d) = span
		return nil
	}
}

const nanosPerCPU = 1_000_000_000

// cpusOption reads a decimal exactly.
func cpusOption(d *draft, value string) error {
	n, ok := new(big.Rat).SetString(value)
	if !ok || len(value) > 32 {
		return errors.New("a number of CPUs, as in 1.5, is allowed")
	}
	n.Mul(n, big.NewRat(nanosPerCPU, 1))
	if !n.IsInt() || !n.Num().IsInt64() || n.Sign() < 0 {
		return errors.New("a number of CPUs with at most nine decimals is allowed")
	}
	d.c.Host.NanoCPUs = n.Num().Int64()
	return nil
}

// mode is a word that the engine's types judge.
func mode[M interface {
	~string
	Valid() bool
}](what string, field func(*draft) *M) option {
	return func(d *draft, value string) error {
		m := M(value)
		if !m.Valid() {
			return errors.New(what + " are allowed")
		}
		*field(d) = m
		return nil
	}
}
