//! Lists that move while they are read.

use super::*;
use crate::cloud::testing::Trees;

const PAGING: Paging = Paging {
    list: "Vpcs.Vpc",
    pages: Pages::ByNumber { max: 10 },
};

fn list() -> Request {
    Request::new(&action::DESCRIBE_VPCS)
}

/// The page that a server with these ids would answer.
fn page(params: &Params, ids: &[String]) -> String {
    let size: usize = params["PageSize"].parse().unwrap();
    let number: usize = params["PageNumber"].parse().unwrap();
    let items: Vec<serde_json::Value> = ids
        .iter()
        .skip((number - 1) * size)
        .take(size)
        .map(|id| serde_json::json!({ "VpcId": id }))
        .collect();
    serde_json::json!({ "RequestId": "R", "TotalCount": ids.len(), "Vpcs": { "Vpc": items } }).to_string()
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("vpc-{number:03}")).collect()
}

fn seen(items: &[serde_json::Value]) -> Vec<String> {
    items
        .iter()
        .map(|item| item["VpcId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_quiet_list_is_read_once_and_its_pages_together() {
    let (world, cloud) = connect();
    let answers = world.clone();
    world
        .net
        .answer_with(move |params| answer(&answers, 200, &page(params, &ids(0..95))));
    let items = cloud.pages(&list(), PAGING, &Trees("VpcId")).await.unwrap();
    assert_eq!(seen(&items), ids(0..95));
    assert_eq!(world.net.params().len(), 10);
    let took = world.clock().elapsed();
    assert!(
        took < Duration::from_millis(250),
        "{took:?} for two rounds of 100 ms"
    );
}

#[tokio::test(start_paused = true)]
async fn deletions_and_creations_between_pages_hide_nothing_that_stays() {
    let (world, cloud) = connect();
    let answers = world.clone();
    let mut all = ids(0..60);
    let mut count = 0;
    world.net.answer_with(move |params| {
        // Once during the first pass the first item goes, which shifts the rest over the page borders.
        count += 1;
        if count == 3 {
            all.remove(0);
        }
        if count == 9 {
            all.insert(0, "vpc-new".to_owned());
        }
        answer(&answers, 200, &page(params, &all))
    });
    let items = cloud.pages(&list(), PAGING, &Trees("VpcId")).await.unwrap();
    let found = seen(&items);
    for id in ids(1..60) {
        assert_eq!(found.iter().filter(|seen| **seen == id).count(), 1, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_stands_still_still_misses_nothing_that_stays() {
    let (world, cloud) = connect();
    let answers = world.clone();
    let mut all = ids(0..60);
    let mut count = 0;
    world.net.answer_with(move |params| {
        count += 1;
        all.rotate_left(1);
        all.push(format!("vpc-x{count}"));
        answer(&answers, 200, &page(params, &all))
    });
    let found = seen(&cloud.pages(&list(), PAGING, &Trees("VpcId")).await.unwrap());
    for id in ids(0..60) {
        assert!(found.contains(&id), "{id}");
    }
    assert!(world.net.params().len() <= 5 * 20, "it ends");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_followed_to_the_end_and_a_circle_is_an_error() {
    let paging = Paging {
        pages: Pages::ByToken { max: 2 },
        ..PAGING
    };
    let (world, cloud) = connect();
    let answers = world.clone();
    world.net.answer_with(move |params| {
        let (items, next) = match params.get("NextToken").map(String::as_str) {
            None => ("{\"VpcId\":\"a\"},{\"VpcId\":\"b\"}", "t1"),
            Some("t1") => ("{\"VpcId\":\"b\"},{\"VpcId\":\"c\"}", "t2"),
            _ => ("", ""),
        };
        let body = format!("{{\"NextToken\":\"{next}\",\"Vpcs\":{{\"Vpc\":[{items}]}}}}");
        answer(&answers, 200, &body)
    });
    let items = cloud.pages(&list(), paging, &Trees("VpcId")).await.unwrap();
    assert_eq!(seen(&items), ["a", "b", "c"]);
    let answers = world.clone();
    world.net.answer_with(move |_| {
        let body = "{\"NextToken\":\"same\",\"Vpcs\":{\"Vpc\":[{\"VpcId\":\"a\"}]}}";
        answer(&answers, 200, body)
    });
    let error = cloud.pages(&list(), paging, &Trees("VpcId")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Malformed);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_its_list_is_no_empty_list() {
    for body in [
        "{\"RequestId\":\"R\"}",
        "{\"RequestId\":\"R\",\"Vpcs\":{}}",
        "{\"RequestId\":\"R\",\"Vpcs\":[]}",
        "{\"RequestId\":\"R\",\"Vpcs\":{\"Vpc\":\"none\"}}",
    ] {
        let (world, cloud) = connect();
        let answers = world.clone();
        world.net.answer_with(move |_| answer(&answers, 200, body));
        let error = cloud.pages(&list(), PAGING, &Trees("VpcId")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_falls_short_of_the_total_is_read_again() {
    let (world, cloud) = connect();
    let answers = world.clone();
    let mut count = 0;
    world.net.answer_with(move |params| {
        count += 1;
        let body = page(params, &ids(0..30));
        // A copy of the list that lags behind answers one page of the first pass.
        let body = if count == 2 {
            body.replace("{\"VpcId\":\"vpc-015\"},", "")
        } else {
            body
        };
        answer(&answers, 200, &body)
    });
    let items = cloud.pages(&list(), PAGING, &Trees("VpcId")).await.unwrap();
    assert_eq!(seen(&items), ids(0..30));
}
