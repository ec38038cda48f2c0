//! Runs the program as users do, and checks what it prints, its exit code, and the files it leaves.

#![forbid(unsafe_code)]

mod bench;
mod classify;
mod colours;
mod compare;
mod diagram;
mod digits;
mod figures;
mod files;
mod import;
mod interface;
mod json;
mod nets;
mod new;
mod plan;
mod run;
mod run_errors;
mod shells;
mod stdin;
mod summary;
mod support;
mod trace;
mod train;
mod weights;
