//! Reading a group back, a page at a time: the largest structures do not fit into one answer. Nobody writes
//! meanwhile, so that the pages of different moments fit together.

use multicast::id::GroupId;
use structures::{op::Element, query::Query};
use tokio::time::{Duration, Instant, sleep};
use wire::client::{Client, ClientError, Directory};

/// About how many bytes of keys and values one page holds: few pages, since a linked list walks to each from
/// its beginning.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Pause between two attempts to read a page.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// How groups are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Bytes of the longest element, key and value.
    pub(super) element_bytes: usize,
}

impl Reading {
    /// Elements of one page.
    fn page(self) -> u64 {
        (PAGE_BYTES / self.element_bytes.max(1)).max(1) as u64
    }

    /// Shows every element of the group at its door, in the structure's order. What may pass is waited for up to
    /// `patience` for each page.
    ///
    /// # Errors
    /// What does not pass, or `OutOfPatience`.
    pub(super) async fn at_door(
        self,
        directory: &Directory,
        group: GroupId,
        patience: Duration,
        mut see: impl FnMut(&Element),
    ) -> Result<(), ClientError> {
        let mut door = None;
        let mut from = 0;
        let mut began = Instant::now();
        loop {
            match self.page_at_door(&mut door, directory, group, from).await {
                Ok(page) => {
                    page.iter().for_each(&mut see);
                    if self.is_last(&page) {
                        return Ok(());
                    }
                    from += page.len() as u64;
                    began = Instant::now();
                }
                Err(error) if error.is_passing() && began.elapsed() < patience => {
                    door = None;
                    sleep(RETRY_PAUSE).await;
                }
                Err(error) if error.is_passing() => {
                    let (patience_ms, last) = (patience.as_millis(), Box::new(error));
                    return Err(ClientError::OutOfPatience { patience_ms, last });
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn page_at_door(
        self,
        door: &mut Option<Client>,
        directory: &Directory,
        group: GroupId,
        from: u64,
    ) -> Result<Vec<Element>, ClientError> {
        let door = match door {
            Some(door) => door,
            none => none.insert(directory.door(group).await?),
        };
        self.page_from(door, group, from).await
    }

    /// Shows every element that the process at the other end serves of the group.
    ///
    /// # Errors
    /// The first page's that fails.
    pub(super) async fn at(
        self,
        client: &mut Client,
        group: GroupId,
        mut see: impl FnMut(&Element),
    ) -> Result<(), ClientError> {
        let mut from = 0;
        loop {
            let page = self.page_from(client, group, from).await?;
            page.iter().for_each(&mut see);
            if self.is_last(&page) {
                return Ok(());
            }
            from += page.len() as u64;
        }
    }

    async fn page_from(
        self,
        client: &mut Client,
        group: GroupId,
        from: u64,
    ) -> Result<Vec<Element>, ClientError> {
        let count = self.page();
        client.elements(group, Query::Range { from, count }).await
    }

    /// Whether nothing can be behind it.
    fn is_last(self, page: &[Element]) -> bool {
        (page.len() as u64) < self.page()
    }
}
