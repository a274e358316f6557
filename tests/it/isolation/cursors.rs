//! A cursor of one organization is of no use to another.

use serde_json::json;

use super::{
    fill::{Filled, Place, fill, unknown},
    world::World,
};
use crate::openapi::operation::walked;

#[tokio::test]
async fn a_cursor_of_another_organization_is_refused_by_every_list() {
    let world = World::filled().await;
    let document = tests::document();
    let mut lists = 0;
    for operation in walked(document).into_iter().filter(|operation| operation.takes("cursor")) {
        lists += 1;
        let id = &operation.id;
        let is_required = |name: &str| {
            let parameters = operation.raw["parameters"].as_array().into_iter().flatten();
            parameters.into_iter().any(|one| one["name"] == json!(name) && one["required"] == json!(true))
        };
        // Without filters, but for what the operation cannot do without.
        let page = |mut filled: Filled, query: &[(&str, &str)]| {
            filled.query.retain(|(name, _)| is_required(name));
            let more = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            filled.query.extend(more);
            filled
        };
        let of_a = fill(document, &operation, &|place, name| world.a.noun(place, name)).unwrap();
        let of_b = fill(document, &operation, &|place, name| world.b.noun(place, name)).unwrap();
        let of_nobody =
            fill(document, &operation, &|place: Place, name: &str| world.a.noun(place, name).map(unknown))
                .unwrap();
        let first = page(of_a.clone(), &[("limit", "1")]).send(&world.a.admin).await.expect(200);
        let cursor = first.at("/nextCursor");
        let cursor =
            cursor.as_str().unwrap_or_else(|| panic!("{id}: fill World so that the list has two pages"));
        // It is a good one.
        page(of_a.clone(), &[("cursor", cursor)]).send(&world.a.admin).await.expect(200);
        // An application is refused for what it is, before its cursor is looked at.
        let application = (!operation.is_delegated()).then_some(&world.b.application);
        for actor in std::iter::once(&world.b.admin).chain(application) {
            for (what, filled) in [("their", &of_a), ("its own", &of_b), ("an unknown", &of_nobody)] {
                let what = format!("{id}: a cursor on {what} path");
                let before = world.app.app.statements();
                let refused = page(filled.clone(), &[("cursor", cursor)]).send(actor).await;
                assert_eq!(
                    (refused.status.as_u16(), refused.code().as_str()),
                    (400, "VALIDATION_FAILED"),
                    "{what}"
                );
                assert_eq!(
                    world.app.app.statements(),
                    before,
                    "{what} is refused before a row is looked for"
                );
                world.assert_silent(&refused, &serde_json::Value::Null, &what);
            }
        }
    }
    assert!(lists > 0, "no operation takes a cursor");
}
