//! bbolt's file format.
