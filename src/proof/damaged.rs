//! An answer that lacks what every answer has is damaged: nothing is changed because of it.

use super::fate::Plan;
use super::net::Weather;
use super::oracle::check;
use super::scenarios::servers;
use super::world::World;

/// Actions, and fields that their items may lack.
pub(super) const LACKING: &[(&str, &str)] = &[
    ("DescribeInstances", "InstanceId"),
    ("DescribeInstances", "ImageId"),
    ("DescribeInstances", "InstanceType"),
    ("DescribeInstances", "VpcAttributes"),
    ("DescribeInstances", "VSwitchId"),
    ("DescribeInstances", "SecurityGroupIds"),
    ("DescribeInstances", "Status"),
    ("DescribeVpcs", "VpcId"),
    ("DescribeVpcs", "CidrBlock"),
    ("DescribeVSwitches", "VSwitchId"),
    ("DescribeVSwitches", "ZoneId"),
    ("DescribeSecurityGroups", "SecurityGroupId"),
    ("DescribeSecurityGroups", "VpcId"),
];

#[test]
fn nothing_is_changed_because_of_an_answer_that_lacks_a_field() {
    let stack = servers(2);
    let mut world = World::new(5, &stack.text(), |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    for (action, field) in LACKING {
        world.weather = Weather {
            lacks: Some((action, field)),
            ..Weather::default()
        };
        for arguments in [
            &["plan", "--detailed-exitcode"][..],
            &["apply", "--auto-approve", "--allow-destroy", "--no-input"],
        ] {
            let ended = world.run(arguments, Plan::default());
            let told = format!("{action} {field}: {:?}\n{}\n{}", ended.code, ended.out, ended.err);
            assert_eq!(ended.code, Some(1), "{told}");
            assert_eq!(ended.sent, 0, "{told}");
            assert!(ended.err.contains("E0603") && ended.err.contains(field), "{told}");
        }
    }
    world.weather = Weather::default();
    check(&mut world, &stack).unwrap();
}
