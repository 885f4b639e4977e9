//! The flags of `infra sim`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum SimCommand {
    /// Serve the ECS and VPC API on this machine
    Serve(Box<SimServeArgs>),
    /// Print what other tools need to reach it, as lines for a shell
    Env(SimEnvArgs),
    /// Keep everything that exists, or bring it back
    #[command(subcommand)]
    Snapshot(SimSnapshotCommand),
    /// Tell a recording to a fresh simulator and compare its answers
    Replay(SimReplayArgs),
    /// Print which actions and parameters there are, and which test shows each
    Coverage(SimCoverageArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SimEnvArgs {
    /// Where it listens; INFRA_ENDPOINT or 127.0.0.1:7070 when not given
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Write the certificate of its throw-away CA to this new file
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SimSnapshotCommand {
    /// Save it under a name in .infra/sim/snapshots
    Save(SimSnapshotArgs),
    /// Put what was saved in the place of everything that exists
    Load(SimSnapshotArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SimSnapshotArgs {
    /// The name
    pub(crate) name: String,
    /// Where the simulator listens; with --sim, the one inside this program
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SimReplayArgs {
    /// A file that --record has written
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SimCoverageArgs {
    /// The data behind the page, as JSON
    #[arg(long)]
    pub(crate) data: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SimServeArgs {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7070")]
    pub(crate) listen: String,
    /// Keep the cloud in this folder; without it, in memory
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// An access key; repeat both for more accounts
    #[arg(long, value_name = "ID", requires = "access_key_secret", action = ArgAction::Append)]
    pub(crate) access_key_id: Vec<String>,
    /// Its secret
    #[arg(long, value_name = "SECRET", requires = "access_key_id", action = ArgAction::Append)]
    pub(crate) access_key_secret: Vec<String>,
    /// The region of requests that name none
    #[arg(long, value_name = "REGION", default_value = "cn-hangzhou")]
    pub(crate) region: String,
    /// How much faster things start and stop: a number, or max
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) speed: String,
    /// Makes ids and chance repeatable
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Added to every answer, e.g. 50ms
    #[arg(long, value_name = "TIME", default_value = "0ms")]
    pub(crate) latency: String,
    /// At most N calls of an action in a time, e.g. CreateInstance=20/2s
    #[arg(long, value_name = "ACTION=N/TIME")]
    pub(crate) quota: Vec<String>,
    /// A fault to play, e.g. CreateInstance:drop-answer@1 or StartInstance[InstanceId=i-1]:hang
    #[arg(long, value_name = "SPEC")]
    pub(crate) fault: Vec<String>,
    /// A type that is sold out in a zone; * stands for any
    #[arg(long, value_name = "TYPE@ZONE")]
    pub(crate) sold_out: Vec<String>,
    /// What is wrong with the account or a thing of it, e.g. arrears or locked@i-1
    #[arg(long, value_name = "NAME[@ID]")]
    pub(crate) trouble: Vec<String>,
    /// What the account may have and pay: vcpus, spot_vcpus, balance, instances, disks, disk_gib, key_pairs, security_groups
    #[arg(long, value_name = "NAME=N")]
    pub(crate) account: Vec<String>,
    /// How long lists may miss what was just made
    #[arg(long, value_name = "TIME", default_value = "0ms")]
    pub(crate) read_lag: String,
    /// How long a client token is remembered
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub(crate) token_life: String,
    /// Types, images, stock and prices beside those on offer
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: Vec<PathBuf>,
    /// A world to begin with
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Option<String>,
    /// Record what comes and what is answered, without secrets, in this new file
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Write the certificate of the throw-away CA here
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_out: Option<PathBuf>,
    /// Listen on an address that other machines can reach
    #[arg(long)]
    pub(crate) allow_remote: bool,
}
