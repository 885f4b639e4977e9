//! `infra`: plan and apply for Alibaba Cloud ECS.
#![allow(dead_code)]

mod address;
mod apply;
mod cloud;
mod config;
mod diagnostic;
mod env;
mod event;
mod graph;
mod live;
mod plan;
mod recover;
mod refresh;
mod resources;
mod schema;
mod state;
mod step;
mod ui;
mod value;

pub mod sim;
