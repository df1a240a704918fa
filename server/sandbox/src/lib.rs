//! The sandbox: runs one untrusted program under limits, on Linux. Nothing is here yet but this map.
//!
//! It opens with the first suite that executes code, cut by mechanism, one file each: `program` and `limits` (what to run,
//! within what), `outcome` (what came of it), `probe` (which kernel primitives exist; a missing one is named and code
//! suites are off), `child` (the half that runs inside), `cgroup`, `landlock`, `seccomp`, `namespaces`. A program gets no
//! network, no files but its own, bounded time, memory, processes and output. It never runs unprotected.
//!
//! Never here: any other package of ours, configuration, the environment, the database, grading or scores. `unsafe` is
//! allowed in this package alone, each block with a `SAFETY` comment. One more mechanism: a file of its own and its check in
//! `probe`.
