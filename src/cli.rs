//! What was typed: the commands and flags, and their manual.
//!
//! Does not know what any of it does.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::address::Address;

/// How many API calls may be under way at once unless it is said.
pub(crate) const PARALLELISM: u16 = 20;

/// Plan and apply for Alibaba Cloud ECS
///
/// Servers and networks as TOML files: `infra plan` shows what would be done, step by step, and `infra apply` does
/// it. With --sim everything happens on a simulator inside this program, on this machine only.
#[derive(Debug, Parser)]
#[command(
    name = "infra",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  infra plan --sim        try it without an account\n  infra apply             create what infra.toml describes\n  infra destroy           delete it again"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that mean the same for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Work in this folder instead of the current one
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// The environment: env/NAME.toml sets its variables, and it has a state of its own
    #[arg(
        short = 'e',
        long = "env",
        value_name = "NAME",
        env = "INFRA_ENV",
        global = true
    )]
    pub(crate) environment: Option<String>,
    /// Set a variable
    #[arg(short = 'v', long = "var", value_name = "NAME=VALUE", value_parser = parse_variable, global = true)]
    pub(crate) variables: Vec<(String, String)>,
    /// Use the simulator inside this program; nothing leaves this machine
    #[arg(long, global = true)]
    pub(crate) sim: bool,
    /// Send nothing that changes anything, whatever else is asked for
    #[arg(long, env = "INFRA_READ_ONLY", value_parser = clap::builder::FalseyValueParser::new(), global = true)]
    pub(crate) read_only: bool,
    /// Let the configuration read files below this folder too, beside its own
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) allow_file: Vec<PathBuf>,
    /// Let the configuration use this variable as a password, although its name is one of credentials
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) allow_env: Vec<String>,
    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        global = true
    )]
    pub(crate) color: ColorChoice,
    /// Results as JSON on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write the JSON events of --json to a file, beside the normal screen
    #[arg(long, value_name = "FILE", conflicts_with = "json", global = true)]
    pub(crate) json_file: Option<PathBuf>,
    /// Never ask; what needs an answer is refused
    #[arg(long, env = "INFRA_NO_INPUT", value_parser = clap::builder::FalseyValueParser::new(), global = true)]
    pub(crate) no_input: bool,
    /// How many API calls may be under way at once
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = clap::value_parser!(u16).range(1..=500), global = true)]
    pub(crate) parallelism: u16,
    /// Show every API call
    #[arg(long, global = true)]
    pub(crate) verbose: bool,
    /// Write every API call to a file
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) log_file: Option<PathBuf>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the files, without any network
    Validate(ValidateArgs),
    /// Show what apply would do
    Plan(PlanArgs),
    /// Do what plan shows, after asking
    Apply(ApplyArgs),
    /// Delete everything in this environment, after asking
    Destroy(ChangeArgs),
    /// Show a saved plan, the state, or one resource of it
    Show(ShowArgs),
    /// Print outputs
    Output(OutputArgs),
    /// Look into the state, or repair it
    #[command(subcommand)]
    State(StateCommand),
    /// Take over one resource that exists
    Import(ImportArgs),
    /// Say who holds the lock
    Unlock(UnlockArgs),
    /// Print the JSON Schema for editors, or the keys of one type
    Schema(SchemaArgs),
    /// The simulator as a server
    #[command(subcommand)]
    Sim(SimCommand),
    /// Say what the code of an error or a warning means, and the way out
    Explain(ExplainArgs),
    /// Print the version
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// How to print what is wrong
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: DiagnosticFormat,
    /// Show all mistakes, not only the first twenty
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiagnosticFormat {
    Text,
    Json,
    Github,
    /// For code hosts: one document
    Sarif,
}

/// From what on a plan fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Warning,
}

/// How much of a plan is shown.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct DetailArgs {
    /// One line for each change
    #[arg(long, conflicts_with = "full")]
    pub(crate) compact: bool,
    /// Everything, unchanged attributes and long texts included
    #[arg(long)]
    pub(crate) full: bool,
}

/// Whether the cloud is asked beforehand.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct PreflightArgs {
    /// Do not ask the cloud beforehand what it would refuse
    #[arg(long)]
    pub(crate) no_preflight: bool,
    /// Try the plan out before anything is asked: its very steps, on a twin in this program of what exists
    #[arg(long)]
    pub(crate) rehearse: bool,
}

/// What is done about data blocks.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct DataArgs {
    /// Choose anew what data blocks have chosen: images, types, zones
    #[arg(long)]
    pub(crate) refresh_data: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) preflight: PreflightArgs,
    /// Save the plan, so that `apply FILE` does exactly this
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Exit with 1 when there are warnings
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
    /// Plan to delete everything
    #[arg(long, conflicts_with_all = ["replace", "refresh_only"])]
    pub(crate) destroy: bool,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) owner: OwnerArgs,
}

/// Which part of a plan is to be done.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Only this resource, or this block with all its copies, and what it waits for
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) target: Vec<Address>,
    /// Leave this out, with what waits for it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) exclude: Vec<Address>,
    /// Make this anew although nothing forces it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) replace: Vec<Address>,
    /// Only let the state learn what was changed outside; nothing is changed in the cloud
    #[arg(long, conflicts_with_all = ["target", "exclude", "replace"])]
    pub(crate) refresh_only: bool,
}

/// What a run may do about things of another stack.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct OwnerArgs {
    /// Make another stack beside the one of this project whose state is not here
    #[arg(long)]
    pub(crate) new_stack: bool,
    /// Take over what carries another stack's tags, and a state whose project or environment has a new name
    #[arg(long)]
    pub(crate) take_over: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan that `plan -o` has saved: exactly that is done, or nothing; it asks nothing
    #[arg(value_name = "FILE", conflicts_with_all = ["no_preflight", "rehearse", "new_stack", "take_over", "target", "exclude", "replace", "refresh_only"])]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// Flags of the commands that change something.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) approval: ApprovalArgs,
    #[command(flatten)]
    pub(crate) preflight: PreflightArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) owner: OwnerArgs,
}

/// Approval without a terminal.
#[derive(Debug, Args)]
pub(crate) struct ApprovalArgs {
    /// Do not ask; deletions and replacements need --allow-destroy as well
    #[arg(long, short = 'y', visible_alias = "yes")]
    pub(crate) auto_approve: bool,
    /// Allow deletions and replacements: all of them, or only of these addresses
    #[arg(long, value_name = "ADDRESS,...", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "*")]
    pub(crate) allow_destroy: Option<Vec<String>>,
    /// Allow that known resources which are gone are made again or forgotten: all of them, or only these addresses
    #[arg(long, value_name = "ADDRESS,...", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "*")]
    pub(crate) allow_vanished: Option<Vec<String>>,
}

/// What a comment on GitHub may have in characters, with room for what a workflow puts around it.
pub(crate) const MD_BUDGET: usize = 60_000;

/// In which form a saved plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    Text,
    /// The shape of Terraform's plan JSON 1.2
    Json,
    /// For a comment on a pull request
    Md,
    /// A page that needs nothing else
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A saved plan, or one resource of the state
    #[arg(value_name = "FILE|ADDRESS")]
    pub(crate) what: Option<String>,
    /// How to print a saved plan; --json is --format json
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "what")]
    pub(crate) format: PlanFormat,
    /// The most characters of --format md
    #[arg(long, value_name = "N", default_value_t = MD_BUDGET)]
    pub(crate) budget: usize,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Only this output
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The bare value, for scripts
    #[arg(short = 'r', long = "raw", requires = "name")]
    pub(crate) raw: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List the resources
    List,
    /// Show one resource
    Show {
        /// Which one
        #[arg(value_name = "ADDRESS")]
        address: Address,
    },
    /// Give a resource another address
    Mv {
        /// The old address
        #[arg(value_name = "FROM")]
        from: Address,
        /// The new address
        #[arg(value_name = "TO")]
        to: Address,
    },
    /// Forget a resource; it goes on existing
    Rm {
        /// Which one
        #[arg(value_name = "ADDRESS")]
        address: Address,
    },
    /// Print the state as JSON
    Pull,
    /// Replace the state by a document that was pulled from it and edited
    Push {
        /// The document
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Go back to an earlier generation of the state
    Restore {
        /// Which generation; the newest sound one if not given
        #[arg(value_name = "SERIAL")]
        serial: Option<u64>,
        /// Only list the generations that are kept
        #[arg(long, conflicts_with = "serial")]
        list: bool,
    },
    /// Put a lost state together again from what exists; changes nothing in the cloud
    Rebuild {
        /// Which stack, where there are several: the value of its tag infra:stack
        #[arg(long, value_name = "L")]
        lineage: Option<String>,
    },
    /// Take infra's tags off something that the state does not know; it goes on existing
    ForgetStray(ForgetStrayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ForgetStrayArgs {
    /// The id of what carries this stack's tags
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Do not ask
    #[arg(long, short = 'y', visible_alias = "yes")]
    pub(crate) auto_approve: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The address it gets; its block is in the configuration
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Address,
    /// The id of what exists
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Take it over although it carries another stack's tags
    #[arg(long)]
    pub(crate) take_over: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UnlockArgs {
    /// The run that is shown as the holder
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The keys of one type, as text
    #[arg(value_name = "TYPE")]
    pub(crate) type_name: Option<String>,
    /// The strict schema, for tools
    #[arg(long, conflicts_with = "type_name")]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Which code; without it all of them are listed
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

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

fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is given as NAME=VALUE".to_owned()),
    }
}
