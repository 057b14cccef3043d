//! Tests of the whole program, in one binary: they run it against the sample data and the stand-in.

mod bad_input;
#[cfg(feature = "bedrock")]
mod bedrock;
#[cfg(feature = "bedrock")]
mod bedrock_faults;
#[cfg(feature = "jobs")]
mod bucket_rules;
#[cfg(feature = "comprehend")]
mod comprehend;
#[cfg(all(feature = "comprehend", unix))]
mod credentials;
#[cfg(feature = "comprehend")]
mod custom;
mod decision;
mod determinism;
#[cfg(all(feature = "comprehend", target_os = "linux"))]
mod disk;
mod evaluate;
mod exchange;
#[cfg(feature = "comprehend")]
mod faults;
mod formats;
mod golden;
mod hostile;
#[cfg(feature = "jobs")]
mod jobs;
#[cfg(all(feature = "jobs", feature = "bedrock"))]
mod jobs_bedrock;
#[cfg(feature = "jobs")]
mod jobs_custom;
#[cfg(all(feature = "jobs", unix))]
mod jobs_faults;
#[cfg(all(feature = "jobs", feature = "sagemaker"))]
mod jobs_sagemaker;
mod language;
mod metrics;
mod nightly;
mod nights_bad;
#[cfg(all(feature = "comprehend", target_os = "linux"))]
mod nights_paid;
#[cfg(feature = "comprehend")]
mod nights_scorer;
#[cfg(feature = "object-stores")]
mod nights_store;
mod onnx;
mod outputs;
mod package;
mod parquet;
#[cfg(feature = "object-stores")]
mod places;
#[cfg(feature = "object-stores")]
mod places_faults;
mod plan;
mod privacy;
mod program;
mod redaction;
#[cfg(feature = "comprehend")]
mod refusals;
#[cfg(feature = "comprehend")]
mod resilience;
#[cfg(feature = "sagemaker")]
mod sagemaker;
mod sample;
mod sample_data;
mod shards;
#[cfg(feature = "comprehend")]
mod share;
#[path = "../standin/mod.rs"]
mod standin;
mod summary;
#[cfg(feature = "comprehend")]
mod teacher;
