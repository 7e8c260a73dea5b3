// Package wire is what the master and the agent of minimesos put on the
// network and read from it: Mesos' own JSON, protobuf, RecordIO, and the part
// of HTTP that the scheduler API and the executor API share.
//
// It works by reflection on the struct tags of mesos-go's generated messages
// and uses none of mesos-go's codecs, so that a fault of those codecs shows in
// a test instead of cancelling out.
//
// # JSON
//
// Written: proto field names in the order of the .proto file, enums by name,
// bytes in base64, doubles always with a fraction, absent optional fields left
// out unless the .proto gives them a default (a deprecated field's default is
// left out too). Read: see UnmarshalJSON. Both follow Mesos' stout/protobuf.hpp
// and picojson; the recorded traces are the test.
//
// # When a test fails here
//
// A test that names a record of a trace prints both texts; the first byte that
// differs is the fault. Nothing in this package waits, starts goroutines or
// keeps state.
package wire
