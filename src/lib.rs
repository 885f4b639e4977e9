//! `infra`: plan and apply for Alibaba Cloud ECS.

pub mod sim;
