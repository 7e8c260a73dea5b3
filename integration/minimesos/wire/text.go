package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// appendDouble writes the shortest digits that mean d, with a fraction or an
// exponent always: 4.0, 0.25, 1795293560.620245, 1e300 (rapidjson's dtoa.h).
func appendDouble(b []byte, d float64) ([]byte, error) {
	if math.IsNaN(d) || math.IsInf(d, 0) {
		return nil, fmt.Errorf("double %v has no JSON form", d)
	}
	if a := math.Abs(d); a != 0 && (a < 1e-6 || a >= 1e21) {
		return append(b, exponent(d)...), nil
	}
	s := strconv.FormatFloat(d, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return append(b, s...), nil
}

// exponent writes Go's 1e+30 and 1e-07 as 1e30 and 1e-7.
func exponent(d float64) string {
	digits, exp, _ := strings.Cut(strconv.FormatFloat(d, 'e', -1, 64), "e")
	sign := ""
	if exp[0] == '-' {
		sign = "-"
	}
	return digits + "e" + sign + strings.TrimLeft(exp[1:], "0")
}

const hex = "0123456789ABCDEF"

// appendString quotes s; bytes above 0x7f pass as they are.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		case strings.IndexByte("\b\f\n\r\t", c) >= 0:
			b = append(b, '\\', "bfnrt"[strings.IndexByte("\b\f\n\r\t", c)])
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(b, '"')
}
