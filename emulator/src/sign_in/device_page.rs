//! `/devicelogin`: where a person types the code of a device.

use std::sync::Arc;

use poem::{Request, Response, handler, web::Data};

use super::{
    browser::Browser,
    flow::{Flow, Purpose},
    pages::Page,
};
use crate::{server::Site, world::World};

#[handler]
pub(crate) fn enter_code(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    let browser = Browser::of(request, site);
    let flow = Flow::new(Purpose::Device { user_code: String::new() }, &browser.id, world.clock.now());
    browser.remember(site, Page::DeviceCode { problem: None }.show(&flow.seal(world)))
}
