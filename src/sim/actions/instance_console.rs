//! The console of a server: how to look at it, what it has said, and what its screen shows. No screen is behind any of
//! it: the address leads nowhere, and the picture is as plain as an idle console.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::call::{Call, Entry, done};
use super::super::clock::seconds;
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::seed::{Numbers, mix};
use super::image;
use super::instance_row::{ABSENT, Instance};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeInstanceVncUrl", url),
    (ECS, "ModifyInstanceVncPasswd", password),
    (ECS, "GetInstanceConsoleOutput", output),
    (ECS, "GetInstanceScreenshot", screenshot),
];

/// A VNC password has six letters and digits, no more and no fewer.
const PASSWORD_LETTERS: usize = 6;

/// For how long an address leads to a console, in milliseconds of real time.
const URL_MS: i64 = 15_000;

/// A server whose console can be had at all.
fn ready<'t>(call: &'t Call<'_>) -> Result<&'t Instance, Refusal> {
    let row = call.find::<Instance>(call.params.required("InstanceId")?, ABSENT)?;
    match row.status {
        Status::Pending => refuse("InstanceNotReady"),
        _ if row.is_leaving() => refuse("IncorrectInstanceStatus"),
        _ => Ok(row),
    }
}

fn url(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = ready(call)?;
    if row.status != Status::Running {
        return refuse("IncorrectInstanceStatus");
    }
    let moment = (call.now.real / URL_MS).unsigned_abs();
    let token = Numbers::new(mix(row.place) ^ moment).letters(24);
    // It is escaped, to be put into the address of a page.
    let url = format!("wss%3A%2F%2F{}-vncproxy.aliyun.com%2Fws%2F{token}", row.region);
    Ok(map! { "VncUrl": url })
}

fn password(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let password = call.params.required("VncPassword")?;
    let row = ready(call)?;
    if !matches!(row.status, Status::Running | Status::Stopped) {
        return refuse("IncorrectInstanceStatus");
    }
    if password.len() != PASSWORD_LETTERS || !password.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return refuse("IncorrectVncPassword.Malformed");
    }
    let id = row.id.clone();
    call.validated()?;
    call.world
        .update::<Instance, _>(&id, |row| row.has_vnc_password = true);
    done()
}

/// A running server of a kind whose console speaks.
fn speaking<'t>(call: &'t Call<'_>) -> Result<&'t Instance, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call
        .find::<Instance>(id, "InvalidParameter")
        .map_err(|_| Refusal::invalid("InstanceId"))?;
    if row.status != Status::Running {
        return refuse("IncorrectInstanceStatus");
    }
    Ok(row)
}

fn output(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = speaking(call)?;
    let image = image::find(call, &row.image_id);
    let os = image.as_ref().map_or("Linux", |image| image.os_name_en.as_str());
    if image.as_ref().is_some_and(|image| image.os_type == "windows") {
        return refuse("NotSupported");
    }
    let (good, plain) = match call.params.flag("RemoveSymbols") {
        true => ("", ""),
        false => ("\u{1b}[0;32m", "\u{1b}[0m"),
    };
    let mut text = format!("Welcome to {os}!\r\n\r\n");
    for service in [
        "Journal Service",
        "Network",
        "OpenSSH server daemon",
        "Cloud assistant",
    ] {
        text.push_str(&format!("[{good}  OK  {plain}] Started {service}.\r\n"));
    }
    text.push_str(&format!("\r\n{os}\r\n\r\n{} login: ", row.host_name));
    if call.params.flag("RemoveSymbols") {
        text.retain(|letter| letter != '\r');
    }
    Ok(map! {
        "InstanceId": &row.id,
        "ConsoleOutput": STANDARD.encode(text),
        "LastUpdateTime": row.started.map(seconds).unwrap_or_default(),
    })
}

fn screenshot(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = speaking(call)?;
    // Nobody is at the console, so that it sleeps until it is woken.
    let picture = jpeg(if call.params.flag("WakeUp") { 4 } else { -4 });
    Ok(map! { "InstanceId": &row.id, "Screenshot": STANDARD.encode(picture) })
}

/// Width and height of a console in pixels.
const SCREEN: (u16, u16) = (720, 400);

/// A baseline JPEG of one grey: 4 is the brightest and -4 is black. ITU-T T.81 names the segments.
fn jpeg(level: i8) -> Vec<u8> {
    let mut out = vec![0xff, 0xd8];
    let mut segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
        out.extend([0xff, marker]);
        out.extend(length.to_be_bytes());
        out.extend(body);
    };
    segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // One step of the mean is 255, so that four are half of all greys.
    let mut steps = vec![0];
    steps.extend([255; 64]);
    segment(0xdb, &steps);
    let ([wide, width], [high, height]) = (SCREEN.0.to_be_bytes(), SCREEN.1.to_be_bytes());
    segment(0xc0, &[8, high, height, wide, width, 1, 1, 0x11, 0]);
    // Means: `0` says as before, `10` that a difference of three bits follows. All else: `0` ends a block.
    let mut means = vec![0x00, 1, 1];
    means.extend([0; 14]);
    means.extend([0, 3]);
    segment(0xc4, &means);
    let mut rest = vec![0x10, 1];
    rest.extend([0; 15]);
    rest.push(0);
    segment(0xc4, &rest);
    segment(0xda, &[1, 1, 0, 0, 63, 0]);
    // The first block says how bright it is, `10`, three bits and `0`; every other one is `00`.
    let blocks = usize::from(SCREEN.0.div_ceil(8)) * usize::from(SCREEN.1.div_ceil(8));
    let bits = 6 + 2 * (blocks - 1);
    let mut data = vec![0u8; bits.div_ceil(8)];
    data[0] = if level < 0 { 0b1001_1000 } else { 0b1010_0000 };
    if let Some(last) = data.last_mut()
        && bits % 8 != 0
    {
        *last |= 0xff >> (bits % 8);
    }
    out.extend(data);
    out.extend([0xff, 0xd9]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_a_picture_of_its_size() {
        let (black, grey) = (jpeg(-4), jpeg(4));
        for picture in [&black, &grey] {
            assert_eq!(
                (&picture[..4], &picture[picture.len() - 2..]),
                (&[0xff, 0xd8, 0xff, 0xe0][..], &[0xff, 0xd9][..])
            );
        }
        assert_ne!(black, grey);
        let frame = black.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        assert_eq!(black[frame + 5..frame + 9], [1, 144, 2, 208]);
    }
}
