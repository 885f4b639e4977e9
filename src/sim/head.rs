//! What every thing in the cloud has: an id, a place, names, tags, and a life. Does not know kinds of things.

use serde::{Deserialize, Serialize};

use super::clock::Now;
use super::faults::Later;

/// A name and a value that a user put on something.
pub(super) type Tag = (String, String);

macro_rules! statuses {
    ($($status:ident = $text:literal),* $(,)?) => {
        /// The states of all kinds of things, in the vendor's words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
        pub(super) enum Status {
            #[default]
            $(#[serde(rename = $text)] $status),*
        }

        impl Status {
            /// The word in an answer.
            pub(super) fn text(self) -> &'static str {
                match self {
                    $(Self::$status => $text),*
                }
            }

            /// The status that this word stands for.
            pub(super) fn of_text(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$status),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    Available = "Available",
    Avoided = "Avoided",
    Accomplished = "accomplished",
    Active = "active",
    Assigned = "Assigned",
    Assigning = "Assigning",
    Associating = "Associating",
    Attaching = "Attaching",
    Attached = "In_use",
    Canceled = "Canceled",
    Cancelled = "Cancelled",
    Activating = "Activating",
    Created = "Created",
    CreateFailed = "CreateFailed",
    Creating = "Creating",
    Deleting = "Deleting",
    Deprecated = "Deprecated",
    Detaching = "Detaching",
    Executed = "Executed",
    Executing = "Executing",
    Failed = "Failed",
    SnapshotFailed = "failed",
    Inactive = "inactive",
    ListenerRunning = "running",
    ListenerStarting = "starting",
    ListenerStopped = "stopped",
    ListenerStopping = "stopping",
    Finished = "Finished",
    Inquiring = "Inquiring",
    InUse = "InUse",
    Ok = "OK",
    Modifying = "Modifying",
    Pending = "Pending",
    PendingDelete = "PendingDelete",
    Processing = "Processing",
    Progressing = "progressing",
    ReIniting = "ReIniting",
    Releasing = "Releasing",
    Running = "Running",
    Scheduled = "Scheduled",
    Starting = "Starting",
    Stopped = "Stopped",
    Stopping = "Stopping",
    Unassociating = "Unassociating",
    Waiting = "Waiting",
}

/// The id of what goes by a name that is unique in its region only.
pub(super) fn regional_id(region: &str, name: &str) -> String {
    format!("{region}/{name}")
}

/// What comes next in a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Next {
    Status(Status),
    Gone,
}

/// What comes over a thing from outside, such as the end of a spot instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fate {
    /// The life-cycle moment.
    pub(super) at: i64,
    pub(super) during: Status,
    pub(super) path: Vec<(i64, Next)>,
}

/// Simulated delays of a reclaim, in milliseconds of life-cycle time.
const RECLAIM_STOP_MS: i64 = 8_000;
const RECLAIM_RELEASE_MS: i64 = 3_000;

/// What every row begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) id: String,
    /// Its place in the order of creation.
    #[serde(skip)]
    pub(super) place: u64,
    /// Empty for what belongs to no region.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) region: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) resource_group: String,
    pub(super) status: Status,
    /// The life-cycle moment of its next transition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<i64>,
    /// What follows the current status, each with the life-cycle milliseconds that it takes from the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) path: Vec<(i64, Next)>,
    /// What comes whatever else it does until then: the life-cycle moment, the status that it has from then on, and
    /// what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fate: Option<Box<Fate>>,
    /// Real time.
    pub(super) created: i64,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

impl Head {
    /// Begins the way to another status, or out.
    pub(super) fn set_out(&mut self, path: Vec<(i64, Next)>, now: Now) {
        self.due = path.first().map(|(millis, _)| now.after(*millis));
        self.path = path;
    }

    /// Is `during` from now on and `then` after some life-cycle milliseconds.
    pub(super) fn pass(&mut self, during: Status, millis: i64, then: Status, now: Now) {
        self.status = during;
        self.set_out(vec![(millis, Next::Status(then))], now);
    }

    /// Is `during` from now on and gone after some life-cycle milliseconds.
    pub(super) fn leave(&mut self, during: Status, millis: i64, now: Now) {
        self.status = during;
        self.set_out(vec![(millis, Next::Gone)], now);
    }

    /// What has just begun goes wrong.
    pub(super) fn go_wrong(&mut self, later: &Later, now: Now) {
        match later {
            Later::Hang => self.due = None,
            Later::Slow(factor) => {
                for (millis, _) in &mut self.path {
                    *millis = millis.saturating_mul(i64::from(*factor));
                }
                self.due = self.path.first().map(|(millis, _)| now.after(*millis));
            }
            Later::Wait(more) => {
                if let Some((millis, _)) = self.path.first_mut() {
                    *millis = millis.saturating_add(i64::try_from(*more).unwrap_or(i64::MAX));
                    self.due = Some(now.after(*millis));
                }
            }
            Later::End(status) => {
                if let (Some((_, last)), Some(status)) = (self.path.last_mut(), Status::of_text(status)) {
                    *last = Next::Status(status);
                }
            }
            Later::Fail(percent) => {
                let whole: i64 = self.path.iter().map(|(millis, _)| *millis).sum();
                if !self.path.is_empty() {
                    let millis = whole.saturating_mul(i64::from(*percent)) / 100;
                    self.set_out(vec![(millis, Next::Status(Status::Failed))], now);
                }
            }
            Later::Reclaim(millis) => {
                self.fate = Some(Box::new(Fate {
                    at: now
                        .life
                        .saturating_add(i64::try_from(*millis).unwrap_or(i64::MAX)),
                    during: Status::Stopping,
                    path: vec![
                        (RECLAIM_STOP_MS, Next::Status(Status::Stopped)),
                        (RECLAIM_RELEASE_MS, Next::Gone),
                    ],
                }));
            }
            // What reads see is not the thing's affair.
            Later::Lag(_) => {}
        }
    }

    /// Says how what fails at its end is called.
    pub(super) fn fail_as(&mut self, status: Status) {
        if let Some((_, last)) = self.path.last_mut() {
            *last = Next::Status(status);
        }
    }

    /// Is `status` at once, whatever was under way.
    pub(super) fn settle_as(&mut self, status: Status) {
        self.status = status;
        self.path.clear();
        self.due = None;
    }

    /// Takes a new name and a new description as far as there are any.
    pub(super) fn rename(&mut self, name: Option<String>, description: Option<String>) {
        if let Some(name) = name {
            self.name = name;
        }
        if let Some(description) = description {
            self.description = description;
        }
    }

    /// Whether it belongs to a region, or to all of them.
    pub(super) fn is_in(&self, region: &str) -> bool {
        self.region.is_empty() || self.region == region
    }

    /// How much of the way to its next status is behind it, of a way that takes so many life-cycle milliseconds.
    pub(super) fn percent(&self, millis: i64, now: Now) -> i64 {
        match self.due {
            None => 100,
            Some(due) => (100 - (due - now.life).max(0) * 100 / millis.max(1)).clamp(0, 99),
        }
    }

    /// Whether it is on its way out.
    pub(super) fn is_leaving(&self) -> bool {
        self.path.iter().any(|(_, next)| *next == Next::Gone)
    }

    /// The life-cycle moment at which it changes next by itself.
    pub(super) fn next_moment(&self) -> Option<i64> {
        let fate = self.fate.as_ref().map(|fate| fate.at);
        [self.due, fate].into_iter().flatten().min()
    }

    /// Takes the next step of its life; says what came.
    pub(super) fn step(&mut self, now: Now) -> Option<Next> {
        if let Some(fate) = self.fate.take_if(|fate| self.due.is_none_or(|due| fate.at < due)) {
            self.status = fate.during;
            self.set_out(fate.path, now);
            return Some(Next::Status(self.status));
        }
        let due = self.due.take();
        if self.path.is_empty() {
            return None;
        }
        let (_, next) = self.path.remove(0);
        if let Next::Status(status) = next {
            self.status = status;
        }
        if let Some((millis, _)) = self.path.first() {
            // At full speed the whole path is walked at once.
            let at_once = now.after(1) == now.life;
            self.due = due.map(|due| if at_once { due } else { due + millis });
        }
        Some(next)
    }
}

/// Makes a struct with a field `head` the row of a table. What else it is found by follows as `links`, in the form of
/// a function from the row and a receiver of kind and value.
macro_rules! row {
    ($type:ty) => {
        $crate::sim::head::row!($type, links: |_, _| {});
    };
    ($type:ty, links: $links:expr $(, $more:ident: $what:expr)*) => {
        impl std::ops::Deref for $type {
            type Target = $crate::sim::head::Head;

            fn deref(&self) -> &Self::Target {
                &self.head
            }
        }

        impl std::ops::DerefMut for $type {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.head
            }
        }

        impl $crate::sim::table::Row for $type {
            fn head(&self) -> &$crate::sim::head::Head {
                &self.head
            }

            fn head_mut(&mut self) -> &mut $crate::sim::head::Head {
                &mut self.head
            }

            fn links(&self, link: &mut dyn FnMut(&str, &str)) {
                let links: fn(&Self, &mut dyn FnMut(&str, &str)) = $links;
                links(self, link);
            }

            $($crate::sim::head::row!(@$more $what);)*
        }
    };
    (@deadline $what:expr) => {
        fn deadline(&self) -> Option<i64> {
            let deadline: fn(&Self) -> Option<i64> = $what;
            deadline(self)
        }
    };
    (@addresses $what:expr) => {
        fn addresses(&self, note: &mut dyn FnMut(&str, u32)) {
            let addresses: fn(&Self, &mut dyn FnMut(&str, u32)) = $what;
            addresses(self, note);
        }
    };
}
pub(super) use row;
