"""A hub that has been in use: transactions of earlier months in every service's tables, written straight into them."""

import asyncpg

from hub.demo.register import Install

AT_ONCE = 100_000

# Ids begin with the millisecond, as real ones do: they are spread over the year before now.
_IDS = """
    SELECT n, (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 31536000000
                           + n * (31536000000 / $1::bigint)), 12, '0')
               || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid AS id,
           now() - interval '1 year' * (1 - n::float / $1::bigint) AS at
    FROM generate_series($2::bigint, $3::bigint) n
"""
_GATEWAY = (
    f"""
    INSERT INTO gateway.transaction (id, install, client, initiator_kind, initiator, direction, sender, recipient,
        number, document_type, issue_date, media, received, document, state, rank, channel, holds_number,
        accepted_at, released_at, judged_at, changed_at)
    SELECT id, CAST($4::text AS uuid), $5, 'client', $5, 'outbound', '0192:' || $5, '0192:' || $6, 'P' || n,
        'invoice', at::date, 'json', '{{"key": "x/y", "sha256": "y", "size": 8000}}',
        '{{"key": "x/z", "sha256": "z", "size": 8000}}', 'delivered', '{{1,1,0,7}}', 'inbox', true, at, at, at, at
    FROM ({_IDS}) i
    """,
    f"""
    INSERT INTO gateway.idempotency (install, key, request_hash, transaction_id, created_at)
    SELECT CAST($4::text AS uuid), 'preload-' || n || $5 || $6, sha256(n::text::bytea), id, at FROM ({_IDS}) i
    """,
    f"""
    INSERT INTO gateway.timeline (transaction_id, event_id, state, time, rank, overtaken, detail)
    SELECT id, gen_random_uuid(), state, at, '{{0,0,0,0}}', false, jsonb_build_object('by', $4::text || $5 || $6)
    FROM ({_IDS}) i CROSS JOIN unnest(ARRAY['accepted', 'ready', 'routed', 'delivered']) AS state
    """,
    f"""
    INSERT INTO gateway.inbox_item (id, transaction_id, leg, company, sender, number, document_type, document,
        received_at, acknowledged_by, acknowledged_at)
    SELECT id, id, 1, $6, '0192:' || $5, 'P' || n, 'invoice', '{{"key": "x/z", "sha256": "z", "size": 8000}}', at,
        CAST($4::text AS uuid), at FROM ({_IDS}) i
    """,
)
_ROUTER = f"""
    INSERT INTO router.decision (transaction_id, leg, channel, chosen_by, facts, reasons, event_id, event_type,
        event_body, decided_at)
    SELECT id, 1, 'inbox', 'on_hub', jsonb_build_object('of', $4::text || $5 || $6), '[]', gen_random_uuid(),
        'hub.delivery.ordered.v1', '{{}}', at FROM ({_IDS}) i
"""
_METERING = f"""
    INSERT INTO metering.usage (transaction_id, leg, product, kind, client, initiator_kind, initiator, direction,
        channel, usage_date, quantity, recipient, number, document_type, test, event_id, happened_at)
    SELECT id, 1, 'invoice.inbox', 'usage', $5, 'client', $5, 'outbound', 'inbox', at::date, 1, '0192:' || $6,
        'P' || n, 'invoice', false, CAST($4::text AS uuid), at FROM ({_IDS}) i
"""
_INBOX = f"""
    INSERT INTO {{schema}}.inbox (consumer, event_id, seen_at)
    SELECT $4::text, id, now() - interval '1 day' FROM ({_IDS}) i
"""
_CONSUMERS = {
    "gateway": ("gateway", 4),
    "router": ("router", 1),
    "metering": ("metering", 2),
    "ehf_builder": ("ehf-builder", 1),
}
_ANALYZED = ("gateway.transaction", "gateway.timeline", "gateway.idempotency", "gateway.inbox_item", "router.decision")


async def fill(url: str, install: Install, recipient: str, count: int) -> None:
    """Write so many delivered transactions of one install, as the services would have left them.

    `url` is the superuser's (`postgresql://…`) of the hub's database.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off")
        owner = await connection.fetchval(
            "SELECT install FROM gateway.install_company WHERE company = $1 LIMIT 1", install.client
        )
        for first in range(1, count + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, count)
            for statement in (*_GATEWAY, _ROUTER, _METERING):
                await connection.execute(statement, count, first, last, str(owner), install.client, recipient)
        for schema, (consumer, each) in _CONSUMERS.items():
            await connection.execute(_INBOX.format(schema=schema), count * each, 1, count * each, consumer)
            await connection.execute(f"VACUUM ANALYZE {schema}.inbox")
        for table in (*_ANALYZED, "metering.usage"):
            await connection.execute(f"VACUUM ANALYZE {table}")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
