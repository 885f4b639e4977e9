//! `infra`: plan and apply for Alibaba Cloud ECS.
#![allow(dead_code)]

mod address;
mod diagnostic;
mod env;
mod event;
mod graph;
mod live;
mod plan;
mod schema;
mod step;
mod value;

pub mod sim;
