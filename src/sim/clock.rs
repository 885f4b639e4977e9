//! Time as the simulated cloud sees it. Real time is told from outside with every request; life-cycle time is
//! derived from it and runs faster or slower. Does not read any clock of the machine and does not know what waits.

use std::str::FromStr;

/// A moment of real time in milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMillis = i64;

/// How fast asynchronous life cycles run, `--speed`. `Date`, the signature window, nonces and expiry keep real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// Life-cycle delays are divided by this factor.
    Times(u32),
    /// A transition is visible to the next read.
    Max,
}

impl Speed {
    /// Life-cycle milliseconds in a millisecond of real time.
    fn factor(self) -> i64 {
        match self {
            Self::Times(factor) => i64::from(factor),
            Self::Max => 1,
        }
    }
}

impl std::fmt::Display for Speed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Times(factor) => write!(out, "{factor}"),
            Self::Max => out.write_str("max"),
        }
    }
}

/// The text given for a speed is neither a whole number from 1 nor `max`.
#[derive(Debug, thiserror::Error)]
#[error("a speed is a whole number from 1 to 1000000, or `max`, not `{given}`")]
pub struct SpeedError {
    given: String,
}

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        if text.eq_ignore_ascii_case("max") {
            return Ok(Self::Max);
        }
        match text.parse::<u32>() {
            Ok(factor) if (1..=1_000_000).contains(&factor) => Ok(Self::Times(factor)),
            _ => Err(SpeedError {
                given: text.to_owned(),
            }),
        }
    }
}

/// Both times of one request, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) real: UnixMillis,
    pub(super) life: i64,
    speed: Speed,
}

impl Now {
    /// The life-cycle moment at which something that begins now and lasts `millis` is done.
    pub(super) fn after(self, millis: i64) -> i64 {
        match self.speed {
            Speed::Max => self.life,
            Speed::Times(_) => self.life + millis,
        }
    }

    /// Both times at an earlier life-cycle moment. What happened then must not depend on when it is looked at.
    pub(super) fn at_life(self, moment: i64) -> Self {
        let ago = (self.life - moment).max(0);
        Self {
            real: self.real - ago / self.speed.factor(),
            life: self.life - ago,
            ..self
        }
    }

    /// Both times at an earlier moment of real time.
    pub(super) fn at_real(self, moment: UnixMillis) -> Self {
        let ago = (self.real - moment).max(0);
        let life = self.life.saturating_sub(ago.saturating_mul(self.speed.factor()));
        Self {
            real: self.real - ago,
            life,
            ..self
        }
    }

    /// Whether a pause of `millis` since the life-cycle moment `since` is over.
    pub(super) fn paused_enough(self, since: i64, millis: i64) -> bool {
        self.speed == Speed::Max || self.life - since >= millis
    }
}

/// Derives life-cycle time from real time; goes on where it stopped when a cloud is read back from disk.
#[derive(Debug, Clone)]
pub(super) struct LifeClock {
    speed: Speed,
    base: Option<(UnixMillis, i64)>,
}

impl LifeClock {
    pub(super) fn new(speed: Speed) -> Self {
        Self { speed, base: None }
    }

    /// Life-cycle time was `life` when real time was `real`.
    pub(super) fn resume(&mut self, real: UnixMillis, life: i64) {
        self.base = Some((real, life));
    }

    pub(super) fn speed(&self) -> Speed {
        self.speed
    }

    /// The last moment that is known, in both times.
    pub(super) fn last(&self) -> Option<(UnixMillis, i64)> {
        self.base
    }

    /// Both times at `real`. Life-cycle time never runs backwards.
    pub(super) fn at(&mut self, real: UnixMillis) -> Now {
        let (base_real, base_life) = *self.base.get_or_insert((real, 0));
        let elapsed = (real - base_real).max(0);
        let life = base_life.saturating_add(elapsed.saturating_mul(self.speed.factor()));
        self.base = Some((base_real + elapsed, life));
        Now {
            real,
            life,
            speed: self.speed,
        }
    }
}

/// Year, month, day, hour, minute, second in UTC.
type Civil = (i64, i64, i64, i64, i64, i64);

fn civil(at: UnixMillis) -> Civil {
    let seconds = at.div_euclid(1000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to date in the proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day, rest / 3600, rest / 60 % 60, rest % 60)
}

fn from_civil((year, month, day, hour, minute, second): Civil) -> UnixMillis {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_index = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (days * 86_400 + hour * 3600 + minute * 60 + second) * 1000
}

/// `2017-12-10T04:04Z`, the form of times in DescribeInstances.
pub(super) fn minutes(at: UnixMillis) -> String {
    let (year, month, day, hour, minute, _) = civil(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
}

/// `2017-12-10T04:04:22Z`, the form of times nearly everywhere else.
pub(super) fn seconds(at: UnixMillis) -> String {
    let (year, month, day, hour, minute, second) = civil(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The form of the HTTP `Date` header.
pub(super) fn http_date(at: UnixMillis) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (year, month, day, hour, minute, second) = civil(at);
    let weekday = DAYS[at.div_euclid(86_400_000).rem_euclid(7) as usize];
    let month = MONTHS[(month - 1) as usize];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Reads the time of a request, `yyyy-MM-ddTHH:mm:ssZ`, with or without a fraction of a second.
pub(super) fn parse_stamp(text: &str) -> Option<UnixMillis> {
    let Some((whole, fraction)) = text.split_once('.') else {
        return parse_utc(text, false);
    };
    let digits = fraction.strip_suffix('Z')?;
    let sound = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let millis: UnixMillis = format!("{digits:0<3}").get(..3)?.parse().ok()?;
    let at = parse_utc(&format!("{whole}Z"), false)?;
    sound.then_some(at + millis)
}

/// Reads `yyyy-MM-ddTHH:mm:ssZ` or, when `seconds_optional`, also `yyyy-MM-ddTHH:mmZ`.
pub(super) fn parse_utc(text: &str, seconds_optional: bool) -> Option<UnixMillis> {
    let bytes = text.as_bytes();
    let with_seconds = match bytes.len() {
        20 => true,
        17 if seconds_optional => false,
        _ => return None,
    };
    let shape: &[u8] = if with_seconds {
        b"dddd-dd-ddTdd:dd:ddZ"
    } else {
        b"dddd-dd-ddTdd:ddZ"
    };
    let fits = bytes.iter().zip(shape).all(|(byte, want)| match want {
        b'd' => byte.is_ascii_digit(),
        _ => byte == want,
    });
    if !fits {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let second = if with_seconds { number(17, 19)? } else { 0 };
    let moment = (
        number(0, 4)?,
        number(5, 7)?,
        number(8, 10)?,
        number(11, 13)?,
        number(14, 16)?,
        second,
    );
    let at = from_civil(moment);
    // A date that does not exist, such as 30 February, reads back as another one.
    (civil(at) == moment).then_some(at)
}

/// The same time of day `months` calendar months later; the last day of a shorter month stands for a missing day.
pub(super) fn add_months(at: UnixMillis, months: i64) -> UnixMillis {
    let (year, month, day, hour, minute, second) = civil(at);
    let index = year * 12 + month - 1 + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let first_of_next = from_civil((year + month / 12, month % 12 + 1, 1, 0, 0, 0));
    let (.., last_day, _, _, _) = civil(first_of_next - 86_400_000);
    from_civil((year, month, day.min(last_day), hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_the_forms_of_the_api_and_read_back() {
        let at = 1_512_878_662_000;
        assert_eq!(seconds(at), "2017-12-10T04:04:22Z");
        assert_eq!(minutes(at), "2017-12-10T04:04Z");
        assert_eq!(http_date(at), "Sun, 10 Dec 2017 04:04:22 GMT");
        assert_eq!(parse_utc("2017-12-10T04:04:22Z", false), Some(at));
        assert_eq!(parse_utc("2017-12-10T04:04Z", true), Some(at - 22_000));
        for wrong in [
            "2017-12-10T04:04Z",
            "2017-02-30T04:04:22Z",
            "2017-12-10 04:04:22Z",
            "２017-12-10T04:04Z",
        ] {
            assert_eq!(parse_utc(wrong, false), None, "{wrong}");
        }
    }

    #[test]
    fn the_time_of_a_request_may_have_a_fraction_of_up_to_nine_digits() {
        let at = 1_512_878_662_000;
        for (text, millis) in [("", 0), (".5", 500), (".012", 12), (".999999999", 999)] {
            let stamp = format!("2017-12-10T04:04:22{text}Z");
            assert_eq!(parse_stamp(&stamp), Some(at + millis), "{stamp}");
        }
        for wrong in [".", ".1234567890", ".1a", ".1Z", ".-1", ".１"] {
            let stamp = format!("2017-12-10T04:04:22{wrong}Z");
            assert_eq!(parse_stamp(&stamp), None, "{stamp}");
        }
        assert_eq!(parse_stamp("2017-12-10T04:04.5Z"), None);
    }

    #[test]
    fn a_month_after_the_last_of_january_is_the_last_of_february() {
        let january = parse_utc("2028-01-31T10:00:00Z", false).unwrap();
        assert_eq!(seconds(add_months(january, 1)), "2028-02-29T10:00:00Z");
        assert_eq!(seconds(add_months(january, 12)), "2029-01-31T10:00:00Z");
    }

    #[test]
    fn speed_scales_life_cycle_time_only() {
        let mut clock = LifeClock::new("20".parse().unwrap());
        let start = clock.at(1_000);
        assert_eq!(clock.at(1_500).life, 10_000);
        assert_eq!(start.after(3_000), 3_000);
        assert!("max".parse::<Speed>().is_ok_and(|speed| speed == Speed::Max));
        assert!("0".parse::<Speed>().is_err());
    }
}
