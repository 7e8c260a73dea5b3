package volumes

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// MinSize is the smallest dataset Flocker makes, in bytes; every size is a
// multiple of sizeUnit.
const (
	MinSize  = 64 << 20
	sizeUnit = 1024
)

const sizeAdvice = "bytes, or a number with K, M, G or T (powers of 1024) are allowed, as in 67108864, 64MiB or 1.5G"

var (
	sizeShape    = regexp.MustCompile(`^([0-9]{1,19}(?:\.[0-9]{1,19})?)([KMGT](?:iB)?)?$`)
	decimalShape = regexp.MustCompile(`^[0-9.]+([KMGT])B$`)
)

func setSize(v *Volume, value string) (err error) {
	v.Size, err = parseSize(value)
	return err
}

// parseSize reads a size in bytes exactly: no rounding, no guess at units.
func parseSize(s string) (int64, error) {
	if m := decimalShape.FindStringSubmatch(s); m != nil {
		return 0, fmt.Errorf("%sB could mean powers of 1000 or of 1024; write %siB for powers of 1024", m[1], m[1])
	}
	m := sizeShape.FindStringSubmatch(s)
	if m == nil {
		return 0, errors.New("not a size; " + sizeAdvice)
	}
	if m[2] == "" && strings.Contains(m[1], ".") {
		return 0, errors.New("a fraction of a byte; " + sizeAdvice)
	}
	n, _ := new(big.Rat).SetString(m[1])
	n.Mul(n, new(big.Rat).SetInt64(unitOf(m[2])))
	switch {
	case n.Cmp(new(big.Rat).SetInt64(MinSize)) < 0:
		return 0, errors.New("too small; at least 64MiB (67108864 bytes) are allowed")
	case !n.IsInt() || new(big.Int).Mod(n.Num(), big.NewInt(sizeUnit)).Sign() != 0:
		return 0, errors.New("not a multiple of 1024 bytes; whole KiB are allowed")
	case !n.Num().IsInt64():
		return 0, errors.New("too large; less than 8388608TiB is allowed")
	}
	return n.Num().Int64(), nil
}

func unitOf(suffix string) int64 {
	unit := int64(1)
	if suffix != "" {
		unit <<= 10 * (1 + strings.IndexByte("KMGT", suffix[0]))
	}
	return unit
}

// ParseSize reads a size as labels give it, for settings.
func ParseSize(s string) (int64, error) { return parseSize(s) }
