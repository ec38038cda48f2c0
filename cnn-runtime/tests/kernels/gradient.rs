//! Gradients, against the reference in double precision.

mod activation;
