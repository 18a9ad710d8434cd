//! DELETE of a collection: what a list with the same options would show, one by one, some at once.

use futures::{TryStreamExt, stream};
use hydrofoil_api::status::ApiError;

use super::Call;
use super::delete::{options, remove, warnings};
use super::list;
use crate::answer::{self, Answer};
use crate::request::options::ListOptions;

/// Deletes that run at once.
const AT_ONCE: usize = 64;

/// Answers a deletecollection with the list of what was there.
///
/// # Errors
/// 400, 403, 409 as upstream; what is gone already is no error.
pub async fn delete_collection(call: &Call, body: &[u8]) -> Answer {
    let options = options(call, body)?;
    let selection = ListOptions::parse(&call.query, false)?;
    let (objects, revision) = list::objects(call, &selection).await?;
    stream::iter(objects.iter().map(Ok))
        .try_for_each_concurrent(AT_ONCE, |object| {
            let options = &options;
            async move {
                match remove(call, object.name(), options).await {
                    Err(error) if error.reason() == "NotFound" => Ok(()),
                    Err(error) => Err::<(), ApiError>(error),
                    Ok(_) => Ok(()),
                }
            }
        })
        .await?;
    let mut answer = list::show(call, objects, revision)?;
    answer::warn(&mut answer, &warnings(call, &options));
    Ok(answer)
}
