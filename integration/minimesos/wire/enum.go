package wire

import (
	"strconv"

	"github.com/gogo/protobuf/proto"
)

// newer holds the enum values that Mesos 1.12 knows and mesos-go does not.
var newer = map[string]map[string]int32{
	"mesos.MasterInfo_Capability_Type": {"QUOTA_V2": 3},
	"mesos.CapabilityInfo_Capability":  {"PERFMON": 1038, "BPF": 1039, "CHECKPOINT_RESTORE": 1040},
}

// enumNumber finds the value called name.
func enumNumber(enum, name string) (int32, bool) {
	if n, ok := proto.EnumValueMap(enum)[name]; ok {
		return n, true
	}
	n, ok := newer[enum][name]
	return n, ok
}

// enumName finds the name of n; a value nobody knows is written as its number.
func enumName(enum string, n int32) string {
	for _, names := range []map[string]int32{proto.EnumValueMap(enum), newer[enum]} {
		for name, value := range names {
			if value == n {
				return name
			}
		}
	}
	return strconv.Itoa(int(n))
}
