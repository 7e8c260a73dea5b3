// Package flocker brings Flocker's datasets to this node and gives them back.
//
//	Config ──▶ Client ──▶ Store          volumes.Hold
//	flags,     one method  lease, bring,  ◀── asks for
//	env, /etc  a request   return             one dataset at a time
//	                │
//	                └── HTTPS ──▶ control service, REST API v1 (Flocker 1.15)
//
// A [Store] is what package volumes works with. It takes the lease of a dataset,
// orders the dataset here, and returns the lease. It never waits for a mount and
// never looks at one: that is package volumes' own.
//
// # What an acquire sends
//
//	1  POST lease        of the id that the name has as far as is known without
//	                     asking: the computed one, or a hint from the last time
//	2  POST {} to it     does it exist, has it this name, where is it
//	3  POST primary      only when it is elsewhere
//
// Only when 2 finds no such dataset is everything listed, once: a live dataset of
// the name that another tool has made is used, two are refused, none is created
// with the first computed id that was never used. The lease in 1 keeps two nodes
// from creating the same name at the same time. Before any of this the node's own
// id is asked for, once per boot of the machine.
//
// # Whose lease is it
//
// A lease belongs to a node, not to a task, and the request that removes it names
// no node. So this package removes a lease only while it is certain that it is
// ours: this very process saw it granted, and its lifetime, counted from before
// the request was sent, on a clock that does not stop while the machine sleeps,
// is not nearly over. Otherwise it sends the lease again with no lifetime left,
// which ends ours and is refused for anybody else's.
//
// A lease that is "renewed" although nobody here had it is that of something else
// on this node. It is left alone and waited for, by looking only, and the Record
// says so (Free), because its undo would take it away. But to ask for a lease is
// to set its lifetime: whatever expiry the outsider's lease had, or that it had
// none, is lost with our first request, and it now ends when ours would have
// ended, unless the outsider renews it. Looking first would cost a request every
// time and leave a gap all the same.
//
// # What is still in the air
//
// A request that changes something is not broken off when its caller goes, after
// a KILL for example: the service may have it already, and would carry it out
// whenever it comes to it. So it flies on (flight.go), and Return first waits for
// every flight of the dataset; only then does it look where the dataset is, put
// it back and return the lease. When Return's own time is over before that, the
// lease stays, the error names the request, and the record, which says from where
// the dataset came, is there for the next to try.
//
// What a process that was killed had in the air nobody can wait for. Return, by
// another process, then relies on order: the service takes requests as they
// arrive, one at a time, so that whatever it had received is carried out before
// the answer to the request with which Return begins, and Return looks afterwards
// where the dataset is. That is not proved where something in between keeps a
// request back: a proxy, or a packet that was lost and is sent again by the dead
// process's kernel. Nor is it where the connection broke before the answer came.
// What comes later than that can do this much:
//
//	an order to move, or a creation   the dataset comes here, and is here without
//	                                  a lease. Nobody uses it: whoever wants it
//	                                  next orders it to itself, under a lease.
//	                                  While another node holds its lease the
//	                                  service does not carry the order out.
//	an order back                     the same, on the node it came from
//	a lease                           it ends by itself; until then the dataset
//	                                  waits for it
//	a lease with no lifetime left,    the next holder's lease may go. Its task
//	the removal of a lease            keeps the dataset busy, and its next renewal
//	                                  takes the lease anew.
//
// In no case is a dataset mounted twice: what prevents that is the pin (package
// volumes). The tag of the configuration could refuse the late order; reading it
// would list everything, and every change in the cluster would refuse ours.
//
// # When something is wrong
//
//	not signed by the cluster's          cluster.crt is of another cluster, or
//	certificate authority                something else answers at this address
//	made out to another name             use a name that the message lists, or give
//	                                     it with --flocker-server-name
//	outside its time of validity         make a new certificate, or look at the clock
//	not the certificate of an API user   a node's was given; flocker-ca
//	                                     create-api-certificate makes the right one
//	the control service refused the      it is of another cluster
//	client certificate
//	unknown to Flocker                   the dataset agent does not run here, or
//	                                     --flocker-node is wrong
//	dataset is held elsewhere            the message names node and expiry; a lease
//	                                     that never expires was made by hand
//	refused                              the message says what contradicts what
//	502, 503, an HTML page               a proxy or another service at this address
//	no answer within 3m0s                the control service is overloaded: it
//	                                     rewrites its whole configuration for every
//	                                     change
//
// Requests that may be repeated are, until the caller's context ends (retry.go
// says which, and why); every repetition is logged, and told to who waits. What
// kind an error is is decided in classify.go alone.
//
// The API is used as it was recorded from Flocker 1.15.0, not as documented: see
// the comments at each method. Certificates of flocker-ca are X.509 version 1
// with extensions, which crypto/x509 does not understand: see tls.go.
package flocker
