//! Calls of the Admin API that get any answer: what is no success is taken for none, a mutation that may have run is not
//! sent again, and nothing that was sent is told.
#![no_main]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use libfuzzer_sys::{
    arbitrary::{Arbitrary, Unstructured},
    fuzz_target,
};
use resilience::{
    MemoryState, SharedState,
    shared::{SharedStateError, Swap, Versioned},
};
use serde_json::{Value, json};
use shopify_client::{
    Call, Client, Error, Kind, OperationKind, Retry,
    operations::{ShopInfo, shop_info},
};
use shopify_webhook::ShopDomain;
use tokio::{runtime::Builder, time::Instant};
use weir_fuzz::admin::{
    CLIENT_SECRET, PRIVATE, REFRESH, Shopify, TOKEN,
    answer::{Answer, Draft},
    oracle,
};

fuzz_target!(|bytes: &[u8]| {
    // Text that starts as JSON or HTML is a body, anything else the recipe of some calls.
    if let Some(b'{' | b'[' | b'<') = bytes.first() {
        for what in [What::Query, What::Mutation, What::Idempotent, What::Partial] {
            let answer = Answer::of(200, Bytes::copy_from_slice(bytes));
            run(&[what], vec![answer.clone(); 5], vec![answer], false, false);
        }
    } else if let Ok(script) = Script::arbitrary(&mut Unstructured::new(bytes)) {
        let answers = |drafts: &[Draft<'_>]| drafts.iter().map(Draft::answer).collect();
        run(&script.calls, answers(&script.answers), answers(&script.grants), script.is_due, script.is_alone);
    }
});

#[derive(Debug, Arbitrary)]
struct Script<'a> {
    calls: [What; 3],
    answers: Vec<Draft<'a>>,
    grants: Vec<Draft<'a>>,
    is_due: bool,
    is_alone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
enum What {
    Query,
    Mutation,
    Idempotent,
    Partial,
}

const TIME: Duration = Duration::from_secs(60);

fn run(calls: &[What], answers: Vec<Answer>, grants: Vec<Answer>, is_due: bool, is_alone: bool) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime starts");
    runtime.block_on(async {
        let shop = ShopDomain::parse("north.myshopify.com").expect("a good domain");
        let shopify = Shopify::default();
        {
            let mut told = shopify.told();
            (told.calls, told.grants) = (answers.into(), grants.into());
        }
        let state: Arc<dyn SharedState> = if is_alone { Arc::new(Alone) } else { Arc::<MemoryState>::default() };
        let client = shopify.client(&shop, state, is_due);
        client.observe(|record| no_secrets(&format!("{record:?}")));
        for (number, what) in calls.iter().enumerate() {
            shopify.told().begin();
            let began = Instant::now();
            let result = what.call(&client, &shop).await;
            let told = shopify.told();
            if told.asked == 0 {
                assert!(began.elapsed() <= TIME, "it took {:?}", began.elapsed());
            }
            for (token, _) in &told.served {
                assert!(!token.is_empty(), "called without a token");
            }
            let served: Vec<&Answer> = told.served.iter().map(|(_, answer)| answer).collect();
            what.check(&served, &result, number == 0 && !is_due);
        }
    });
}

impl What {
    fn kind(self) -> OperationKind {
        match self {
            Self::Query | Self::Partial => OperationKind::Query,
            Self::Mutation => OperationKind::Mutation,
            Self::Idempotent => OperationKind::IdempotentMutation,
        }
    }

    async fn call(self, client: &Client, shop: &ShopDomain) -> Result<Value, Error> {
        let call = Call::foreground(TIME);
        let document = match self {
            Self::Query => "query Fuzz { shop { id } }",
            Self::Mutation => "mutation Fuzz($email: String!) { tagsAdd(id: $email) { userErrors { message } } }",
            Self::Idempotent => "mutation Fuzz($email: String!) { a(b: $email) @idempotent(key: \"1\") { id } }",
            Self::Partial => {
                let reply = client.run_partial::<ShopInfo>(shop, shop_info::Variables, &call).await?;
                return Ok(json!(reply.data.shop.name));
            }
        };
        Ok(client.raw::<Value>(shop, "Fuzz", document, &json!({"email": PRIVATE}), &call).await?.data)
    }

    /// `is_fresh`: nothing that came before may keep the call from its way.
    fn check(self, served: &[&Answer], result: &Result<Value, Error>, is_fresh: bool) {
        let kind = self.kind();
        if kind == OperationKind::Mutation {
            for answer in served.iter().rev().skip(1) {
                assert!(!matches!(oracle::did_nothing(answer), Ok(false)), "sent again after {answer:?}");
            }
        }
        if let [only, ..] = served
            && is_fresh
            && self != Self::Partial
            && oracle::is_plain_success(only, kind)
        {
            assert!(result.is_ok(), "{result:?} for {only:?}");
        }
        match result {
            Ok(data) => {
                let last = served.last().expect("data came with an answer");
                let Ok(said) = oracle::success(last, kind, self == Self::Partial) else { return };
                let said = said.unwrap_or_else(|| panic!("taken for success: {last:?}"));
                let said = if self == Self::Partial { &said["shop"]["name"] } else { &said };
                assert_eq!(data, said, "other data than was sent");
            }
            Err(error) => {
                let shown = format!("{error} {error:?} {:?}", error.kind);
                no_secrets(&shown);
                if served.iter().all(|answer| answer.is_quoting) {
                    assert!(!shown.contains(PRIVATE), "it tells what was sent: {shown}");
                }
                let is_steering = |c: char| c.is_control() && c != '\n';
                assert!(!error.to_string().contains(is_steering), "it would steer a terminal: {error:?}");
                if let Retry::After(wait) = error.retry {
                    assert!(!wait.is_zero() && !matches!(error.kind, Kind::Unauthorized), "{error:?}");
                }
            }
        }
    }
}

fn no_secrets(shown: &str) {
    for secret in [TOKEN, REFRESH, CLIENT_SECRET] {
        assert!(!shown.contains(secret), "it tells a secret: {shown}");
    }
}

/// A shared state that can't be reached.
struct Alone;

impl SharedState for Alone {
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, SharedStateError>> {
        Box::pin(async move { Err(unreachable(key)) })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        _expected: Option<u64>,
        _value: &'a str,
        _keep: Duration,
    ) -> BoxFuture<'a, Result<Swap, SharedStateError>> {
        Box::pin(async move { Err(unreachable(key)) })
    }
}

fn unreachable(key: &str) -> SharedStateError {
    SharedStateError { key: key.to_owned(), action: "read", source: "it is not there".into() }
}
