import{n as e,t}from"./on-alarm-error.mjs";import{c as n,d as r,f as i,m as a}from"./on-alarm-flags.mjs";import{_ as o,a as s,b as c,c as l,d as u,f as d,g as f,h as ee,i as p,l as te,m as ne,n as m,o as h,p as re,r as g,s as _,t as v,u as ie,v as ae,y}from"./on-alarm-open-flags.mjs";import{R as b,a as x,c as S,d as oe,g as C,i as se,l as w,n as ce,o as T,r as le,s as E,t as ue,u as de}from"./on-alarm-tolerant.mjs";import{a as D,s as fe}from"./on-alarm-durable-write.mjs";import{f as pe,l as me,s as he}from"./on-alarm-override-rules.mjs";import{O,S as ge,b as k,d as _e,f as A,i as ve,j as ye,l as be,s as j,u as M,w as N,y as P}from"./on-alarm-parameter-store.mjs";import{resolve as xe}from"node:path";import{createHash as Se}from"node:crypto";function Ce(e){return ye(ve,e)}function we(e){let{primary:t,spoolDirectory:n,clock:i,mode:a,capMs:s=1500,restMs:c=3e3}=e,l=/* @__PURE__ */ new Map,f=u(n),p=-1/0,m=e=>r(i,s,()=>e,()=>Ee(s)),h={append:e=>m(t.append(e)),read:(e,n)=>m(t.read(e,n)),incidents:e=>m(t.incidents(e))},g=Te(async()=>{let e=await d(n,e=>h.append(e),e=>l.delete(F(e)));return p=e.blocked?i.now()+c:-1/0,e});async function _(e){return await ee(n,e,i.now()),l.set(F(e),e),{stored:`spool`,key:e.key}}async function v(e){let r=await ne(n).catch(()=>!0)?void 0:await g().catch(()=>void 0);if(r?.blocked===!0)throw Error(r.problem);return t.append(e)}async function y(e){if(i.now()<p)return _(e).catch(e=>{throw I(n,[`the journal failed a moment ago`,e])});try{return await m(v(e))}catch(t){if(re(t))throw t;return p=i.now()+c,_(e).catch(e=>{throw I(n,[t,e])})}}async function b(e){try{let t=await _(e);return i.now()>=p&&g().catch(()=>void 0),t}catch(t){if(i.now()<p)throw I(n,[`the journal failed a moment ago`,t]);return h.append(e).catch(e=>{throw re(e)?e:(p=i.now()+c,I(n,[e,t]))})}}let x=async()=>{i.now()<p||await ne(n).catch(()=>!0)||await m(g()).catch(()=>void 0)};return{append:async e=>{let t=o(e),n=l.get(F(t));return n===void 0?a===`spool-first`?b(t):y(t):(ae(n,t),{stored:`spool`,key:t.key})},read:async(e,t)=>{let n=await te(h,f,e,t);if(`unreachable`in n&&n.entries[0]?.kind!==`incident-opened`)throw n.unreachable;return n.entries},incidents:e=>ie(h,f,e),history:async(e,t)=>{let{unreachable:n,...r}=await te(h,f,e,t);return r},drain:g,close:x,[Symbol.asyncDispose]:x}}function Te(e){let t,n,r=()=>{let n=e().finally(()=>{t===n&&(t=void 0)});return t=n,n};return()=>t===void 0?r():(n??=t.catch(()=>void 0).then(()=>(n=void 0,r())),n)}function F(e){return JSON.stringify([e.service,e.environment,e.key])}function Ee(e){return new t({code:`E_JOURNAL_UNREACHABLE`,kind:`uncertain`,message:`The journal gave no answer within ${e/1e3} s.`,state:`Nobody can tell whether the entry was stored; storing it again is safe.`,remedy:`See that its database runs and can be reached, and run the same command again.`,retryable:!0})}function I(n,r){let[i,a]=r;return new t({code:`E_JOURNAL_UNREACHABLE`,message:`An entry of the record could be stored nowhere: not in the journal (${e(i)}), and not in the folder ${n} (${e(a)}).`,state:`What the command did stays done; this line of the record is missing.`,remedy:`Make the folder ${n} writable, with free disk space, or bring the journal's database back; then run the same command again.`,retryable:!0,cause:AggregateError([i,a])})}function De(e,t){let n=t.statementTimeoutMs??1500,r=Oe(e),i=new oe({connectionString:e,application_name:t.applicationName,max:t.max??4,connectionTimeoutMillis:t.connectTimeoutMs??1500,statement_timeout:n,lock_timeout:t.lockTimeoutMs??1e3,idle_in_transaction_session_timeout:t.idleInTransactionTimeoutMs??5e3,query_timeout:n+500,keepAlive:!0,allowExitOnIdle:!0});i.on(`error`,()=>{});let a,o=()=>a??=i.end();return{pool:i,address:r,close:o,[Symbol.asyncDispose]:o}}function Oe(e){if(!/^postgres(ql)?:\/\//i.test(e))throw L();try{let{host:t,port:n,database:r}=new de({connectionString:e});return`${t}:${n}/${r??``}`}catch{throw L()}}function L(){return new t({code:`E_POSTGRES_URL`,kind:`usage`,message:`The address of the journal's database is not a PostgreSQL URL.`,remedy:`Write it as postgres://user:password@host:5432/database and run the command again.`})}const R=`service, environment, incident, key, kind, at, actor, text, data, seq, previous, hash`,ke=`
  insert into backout.journal (${R})
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12)
`,Ae=`
  (select 'same-key' as role, ${R}
     from backout.journal
    where service = $1 and environment = $2 and key = $4)
  union all
  (select 'last' as role, ${R}
     from backout.journal
    where service = $1 and environment = $2 and incident = $3
    order by seq desc
    limit 1)
`,je=`
  select ${R}
    from backout.journal
   where service = $1 and environment = $2 and incident = $3
   order by seq
`,Me={code:`E_JOURNAL_UNREACHABLE`,name:`The journal`,uncertain:`Nobody can tell whether the entry was stored. Appending it again is safe: it is stored once.`};function Ne(e){let t=t=>E(Me,e.address,t);return{append:async n=>{let r=o(n),i;return t(()=>x(()=>Pe(e,r,{isOurs:e=>e===i,onAttempt:e=>i=e})))},read:(n,r)=>t(()=>x(()=>S(e,je,[n.service,n.environment,r],Ie))),incidents:n=>t(()=>x(()=>S(e,`
  select id, service, environment, status, opened_at, closed_at, reason, rule, opened_by
    from backout.incident
   where service = $1 and environment = $2
   order by opened_at desc, id collate "C"
   limit $3
`,[n.service,n.environment,200],Re)))}}function Pe(e,t,n){return w(e,async e=>{let{service:r,environment:i,incident:a,key:o}=t;await e(`
  select pg_advisory_xact_lock(hashtextextended('backout journal ' || $1, 0))
`,[JSON.stringify([r,i,a])],O());let s=await e(Ae,[r,i,a,o],Le),c=s.find(e=>e.role===`same-key`)?.entry;if(c!==void 0)return ae(c,t),{stored:`journal`,entry:c,repeated:!n.isOurs(c.hash)};let l=f(t,s.find(e=>e.role===`last`)?.entry);return n.onAttempt(l.hash),await e(ke,Fe(l),O()),{stored:`journal`,entry:l,repeated:!1}})}function Fe(e){let{service:t,environment:n,incident:r,key:i,kind:a,at:o,actor:s,text:c,data:l}=e,{seq:u,previous:d,hash:f}=e;return[t,n,r,i,a,o,s,c,JSON.stringify(l),u,d,f]}const z=A().transform(e=>e.toISOString()),Ie=k({service:N(),environment:N(),incident:N(),key:N(),kind:_e(e=>typeof e==`string`),at:z,actor:N(),text:N(),data:_e(e=>typeof e==`object`&&!!e),seq:P().int(),previous:N(),hash:N()}),Le=k({role:j([`same-key`,`last`])}).and(Ie).transform(({role:e,...t})=>({role:e,entry:t})),Re=k({id:N(),service:N(),environment:N(),status:j([`open`,`closed`]),opened_at:z,closed_at:z.nullable(),reason:N(),rule:N(),opened_by:N()}).transform(({opened_at:e,closed_at:t,opened_by:n,...r})=>({...r,openedAt:e,...t===null?{}:{closedAt:t},openedBy:n}));function ze(e){let n=[...new Set(e.map(e=>e.incident))],r=e.map(e=>e.expiresAt).toSorted().at(-1);return new t({code:`E_LEASE_HELD`,kind:`refused`,message:`Somebody else is changing this right now: ${e.map(Ve).join(`; `)}.`,state:`Nothing was changed by this command; the other one goes on.`,remedy:`Look at what it does: ${n.map(e=>`\`backout incident show ${e}\``).join(`, `)}. Or wait: if it is dead, its right ends by itself at ${B(r??``)}, and this command can run again.`,retryable:!0})}function Be(e){let n=e.map(({now:e,ours:t})=>(e??t).incident)[0]??``;return new t({code:`E_LEASE_LOST`,kind:`refused`,message:`The right to change this was lost: ${e.map(He).join(`; `)}.`,state:`The change that was due next was not made. What was done before it stays.`,remedy:`Look at what happens now: \`backout incident show ${n}\`. When nobody else works on it, go on with \`backout incident resume ${e[0]?.ours.incident??n}\`.`})}function Ve(e){return`${e.resource} is held by ${e.holder} for incident ${e.incident} until ${B(e.expiresAt)}`}function He({ours:e,now:t}){return t===void 0?`${e.resource} is nobody's any more (ours ran out, or was given back)`:`${e.resource} now belongs to ${t.holder} for incident ${t.incident} until ${B(t.expiresAt)}`}function B(e){return`${e.slice(0,19).replace(`T`,` `)} UTC`}const V=`
  select resource, holder, incident, fence, expires_at
    from backout.lease
   where resource = any ($1::text[])
     and expires_at > clock_timestamp()
   order by resource collate "C"
`,H=`
  select resource
    from backout.lease
   where resource = any ($1::text[])
   order by resource collate "C"
     for update
`,U={code:`E_LEASES_UNREACHABLE`,name:`The store of leases`,uncertain:`Nobody can tell whether the lease was taken. The same command again finds out: a lease it already has is simply extended.`};function Ue(e){let t=t=>E(U,e.address,()=>x(()=>w(e,t)));return{acquire:e=>t(t=>We(t,e)),renew:(e,n)=>t(t=>Ge(t,e,n)),release:e=>t(async t=>{await t(H,[e.map(e=>e.resource)],O()),await t(`
  update backout.lease
     set expires_at = '-infinity'
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
      as ours (resource, holder, incident, fence)
   where lease.resource = ours.resource
     and lease.holder = ours.holder
     and lease.incident = ours.incident
     and lease.fence = ours.fence
`,W(e),O())}),inspect:t=>E(U,e.address,()=>x(()=>S(e,V,[t],G))),inspectUnder:t=>E(U,e.address,()=>x(()=>S(e,`
  select resource, holder, incident, fence, expires_at
    from backout.lease
   where starts_with(resource, $1::text)
     and expires_at > clock_timestamp()
   order by resource collate "C"
`,[t],G)))}}async function We(e,t){let{resources:n,holder:r,incident:i,ttlMs:a}=t,o=[...new Set(n)];await e(`
  insert into backout.lease (resource, holder, incident, fence, expires_at)
  select resource, '', '', 0, '-infinity'
    from unnest($1::text[]) as resource
   order by resource collate "C"
  on conflict (resource) do nothing
`,[o],O()),await e(H,[o],O());let s=(await e(V,[o],G)).filter(e=>e.holder!==r||e.incident!==i);if(s.length>0)throw ze(s);let c=await e(`
  update backout.lease
     set fence = case when expires_at > clock_timestamp() then fence else fence + 1 end,
         holder = $2,
         incident = $3,
         expires_at = greatest(expires_at, clock_timestamp() + $4 * interval '1 millisecond')
   where resource = any ($1::text[])
     and (expires_at <= clock_timestamp() or (holder = $2 and incident = $3))
  returning resource, holder, incident, fence, expires_at
`,[o,r,i,a],G);if(c.length!==o.length)throw Error(`not all of the leases could be taken`);return c.toSorted(Ke)}async function Ge(e,t,n){let r=t.map(e=>e.resource);await e(H,[r],O());let i=await e(`
  update backout.lease
     set expires_at = greatest(expires_at, clock_timestamp() + $5 * interval '1 millisecond')
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
      as ours (resource, holder, incident, fence)
   where lease.resource = ours.resource
     and lease.holder = ours.holder
     and lease.incident = ours.incident
     and lease.fence = ours.fence
     and lease.expires_at > clock_timestamp()
  returning lease.resource, lease.holder, lease.incident, lease.fence, lease.expires_at
`,[...W(t),n],G),a=t.filter(e=>!i.some(t=>t.resource===e.resource));if(a.length>0){let t=await e(V,[r],G);throw Be(a.map(e=>({ours:e,now:t.find(t=>t.resource===e.resource)})))}return i.toSorted(Ke)}function W(e){return[e.map(e=>e.resource),e.map(e=>e.holder),e.map(e=>e.incident),e.map(e=>e.fence)]}function Ke(e,t){return e.resource<t.resource?-1:1}const G=k({resource:N(),holder:N(),incident:N(),fence:Ce().int(),expires_at:A().transform(e=>e.toISOString())}).transform(({expires_at:e,...t})=>({...t,expiresAt:e}));function qe(e,t,n){let r=new Map(e.map(e=>[e.number,e]));for(let e of t){let t=r.get(e.number);if(t===void 0&&!e.additive)throw Xe(e);if(t!==void 0&&n(t)!==e.checksum)throw Ze(e)}let i=new Set(t.map(e=>e.number));return e.filter(e=>!i.has(e.number))}function Je(e){if(e!==`UTF8`)throw new t({code:`E_SCHEMA_ENCODING`,kind:`refused`,message:`The journal's database stores text as ${e}, which cannot hold every character.`,remedy:"Create another one and name it in the journal's URL: `createdb -E UTF8 -T template0 backout`."})}function Ye(e,n){return new t({code:`E_SCHEMA_BUSY`,message:`Another process has been changing the journal's schema for more than ${e/1e3} s.`,remedy:`Run the same command again. If it stays like this, look for a hanging session named backout in pg_stat_activity.`,retryable:!0,cause:n})}function Xe(e){return new t({code:`E_SCHEMA_NEWER`,kind:`refused`,message:`The journal's schema was changed by a newer Backout in a way this version cannot work with (step ${e.number}, ${e.name}).`,remedy:"Use the newer Backout. `backout --version` says which one this is."})}function Ze(e){return new t({code:`E_SCHEMA_CHANGED`,kind:`refused`,message:`Step ${e.number} (${e.name}) of the journal's schema is not the one this Backout knows: its text was edited after it had been applied.`,remedy:`Use a released version of Backout. If this is one, somebody changed backout.migration by hand: compare it with a backup.`})}const Qe=[{number:1,name:`journal`,additive:!0,sql:`
  create table backout.journal (
    service text not null,
    environment text not null,
    incident text not null,
    key text not null check (octet_length(key) between 1 and 1000),
    kind text not null check (kind <> ''),
    at timestamptz not null,
    actor text not null,
    text text not null,
    data jsonb not null check (jsonb_typeof(data) = 'object'),
    seq integer not null check (seq >= 1),
    previous text not null check (previous ~ '^[0-9a-f]{64}$'),
    hash text not null check (hash ~ '^[0-9a-f]{64}$'),
    stored_at timestamptz not null default clock_timestamp(),
    prior integer generated always as (nullif(seq - 1, 0)) stored,
    primary key (service, environment, incident, seq),
    unique (service, environment, key),
    unique (service, environment, incident, seq, hash),
    foreign key (service, environment, incident, prior, previous)
      references backout.journal (service, environment, incident, seq, hash),
    check ((seq = 1) = (previous = repeat('0', 64))),
    check (octet_length(service) + octet_length(environment) + octet_length(incident) <= 1000)
  );

  create function backout.refuse_change() returns trigger
    language plpgsql
    set search_path = pg_catalog
    as $$
    begin
      raise exception 'backout.% is append-only: % is refused', tg_table_name, tg_op
        using errcode = 'restrict_violation',
              hint = 'What is recorded stays. To correct an entry, append a note that says so.';
    end
    $$;

  create trigger append_only
    before update or delete or truncate on backout.journal
    for each statement execute function backout.refuse_change();

  -- Also in a session that calls itself a replica, which ordinary triggers ignore.
  alter table backout.journal enable always trigger append_only;

  comment on table backout.journal is
    'Append-only record of Backout. People read backout.timeline and backout.incident.';
`},{number:2,name:`lease`,additive:!0,sql:`
  create table backout.lease (
    resource text primary key check (octet_length(resource) between 1 and 1000),
    holder text not null,
    incident text not null,
    fence bigint not null check (fence >= 0),
    expires_at timestamptz not null
  );

  create function backout.keep_fence() returns trigger
    language plpgsql
    set search_path = pg_catalog
    as $$
    begin
      if new.resource is distinct from old.resource or new.fence < old.fence
        or (new.fence = old.fence
            and (new.holder, new.incident) is distinct from (old.holder, old.incident))
      then
        raise exception 'the fence of % would not grow: % to %', old.resource, old.fence, new.fence
          using errcode = 'restrict_violation',
                hint = 'A lease is taken over with a higher fence, or not at all.';
      end if;
      return new;
    end
    $$;

  create trigger keep_fence
    before update on backout.lease
    for each row execute function backout.keep_fence();
  alter table backout.lease enable always trigger keep_fence;

  create trigger keep_rows
    before delete or truncate on backout.lease
    for each statement execute function backout.refuse_change();
  alter table backout.lease enable always trigger keep_rows;
`},{number:3,name:`release`,additive:!0,sql:`
  create table backout.release (
    service text not null,
    environment text not null,
    tag text not null check (tag <> ''),
    commit text not null check (commit <> ''),
    status text not null check (status in ('deployed', 'baking', 'good', 'bad')),
    deployed_at timestamptz not null,
    hold_reason text,
    hold_incident text,
    hold_by text,
    hold_at timestamptz,
    primary key (service, environment, tag),
    check (
      (hold_reason is null and hold_incident is null and hold_by is null and hold_at is null)
      or (hold_reason is not null and hold_by is not null and hold_at is not null)
    )
  );

  create function backout.keep_commit() returns trigger
    language plpgsql
    set search_path = pg_catalog
    as $$
    begin
      if (new.service, new.environment, new.tag, new.commit)
        is distinct from (old.service, old.environment, old.tag, old.commit)
      then
        raise exception 'release % was recorded as commit %', old.tag, old.commit
          using errcode = 'restrict_violation', hint = 'A moved tag is never recorded.';
      end if;
      return new;
    end
    $$;

  create trigger keep_commit
    before update on backout.release
    for each row execute function backout.keep_commit();
`},{number:4,name:`views`,additive:!0,sql:`
  create view backout.incident as
    select
      service,
      environment,
      id,
      case when closes then 'closed' else 'open' end as status,
      opened_at,
      case when closes then turned_at end as closed_at,
      reason,
      rule,
      opened_by
    from (
      select
        service,
        environment,
        incident as id,
        (array_agg(at order by kind <> 'incident-opened', seq))[1] as opened_at,
        (array_agg(actor order by kind <> 'incident-opened', seq))[1] as opened_by,
        (array_agg(
          case when jsonb_typeof(data -> 'reason') = 'string' then data ->> 'reason' else text end
          order by kind <> 'incident-opened', seq))[1] as reason,
        (array_agg(
          case
            when jsonb_typeof(data -> 'rule') = 'string' then data ->> 'rule'
            when kind = 'incident-opened' then 'manual'
            else 'unknown'
          end
          order by kind <> 'incident-opened', seq))[1] as rule,
        coalesce(
          (array_agg(kind = 'incident-closed' order by seq desc)
            filter (where kind in ('incident-opened', 'incident-closed')))[1],
          false) as closes,
        (array_agg(at order by seq desc)
          filter (where kind in ('incident-opened', 'incident-closed')))[1] as turned_at
      from backout.journal
      group by service, environment, incident
    ) as told;

  create view backout.timeline as
    select
      entry.service,
      entry.environment,
      entry.incident,
      entry.seq,
      to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') as at,
      entry.at - incident.opened_at as after_opening,
      entry.kind,
      entry.actor,
      entry.text
    from backout.journal as entry
    join backout.incident as incident
      on incident.service = entry.service
     and incident.environment = entry.environment
     and incident.id = entry.incident
    order by incident.opened_at desc, entry.incident, entry.seq;
`},{number:5,name:`last-turn`,additive:!0,sql:`
  create or replace view backout.incident as
    select
      service,
      environment,
      id,
      case when closes then 'closed' else 'open' end as status,
      opened_at,
      case when closes then turned_at end as closed_at,
      reason,
      rule,
      opened_by
    from (
      select
        service,
        environment,
        incident as id,
        (array_agg(at order by kind <> 'incident-opened', seq))[1] as opened_at,
        (array_agg(actor order by kind <> 'incident-opened', seq))[1] as opened_by,
        (array_agg(
          case when jsonb_typeof(data -> 'reason') = 'string' then data ->> 'reason' else text end
          order by kind <> 'incident-opened', seq))[1] as reason,
        (array_agg(
          case
            when jsonb_typeof(data -> 'rule') = 'string' then data ->> 'rule'
            when kind = 'incident-opened' then 'manual'
            else 'unknown'
          end
          order by kind <> 'incident-opened', seq))[1] as rule,
        coalesce(
          (array_agg(kind = 'incident-closed' order by at desc, kind = 'incident-closed' desc)
            filter (where kind in ('incident-opened', 'incident-closed')))[1],
          false) as closes,
        max(at) filter (where kind in ('incident-opened', 'incident-closed')) as turned_at
      from backout.journal
      group by service, environment, incident
    ) as told;
`},{number:6,name:`release-details`,additive:!0,sql:`
  alter table backout.release
    add column details jsonb not null default '{}'::jsonb
      check (jsonb_typeof(details) = 'object');
`},{number:7,name:`ended-executions`,additive:!0,sql:`
  create index journal_ended_executions
    on backout.journal (service, environment, at)
    where kind = 'execution-ended';
`}];function K(e){return Se(`sha256`).update(e.sql).digest(`hex`)}const $e={code:`E_JOURNAL_UNREACHABLE`,name:`The journal's database`,uncertain:`Nobody can tell whether the last step of the schema was stored. Running it again is safe.`};function et(e,t={}){let n=t.migrations??Qe,r={lockMs:t.lockMs??15e3,statementMs:t.statementMs??6e4};return E($e,e.address,async()=>{let t=[];for(;;){let i=await it((t,n,r)=>S(e,t,n,r));if(qe(n,i.steps,K).length===0)return{applied:t,writerRole:await nt(e,i,r)};let a=await rt(e,r,e=>tt(e,n));a!==void 0&&t.push(a)}})}async function tt(e,t){await e(`
  create schema if not exists backout;
  create table if not exists backout.migration (
    number integer primary key,
    name text not null,
    additive boolean not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
  );
`,[],O());let{steps:n}=await it(e),[r]=qe(t,n,K);if(r===void 0)return;await e(r.sql,[],O());let{number:i,name:a,additive:o}=r;return await e(`
  insert into backout.migration (number, name, additive, checksum) values ($1, $2, $3, $4)
`,[i,a,o,K(r)],O()),a}async function nt(t,n,r){if(n.writerReady)return{ready:!0};if(!n.mayCreateRoles)return{ready:!1,why:`the connecting database role may not create roles; the triggers alone keep the journal append-only`};try{return await rt(t,r,e=>e(`
  do $$
  begin
    if not exists (select from pg_roles where rolname = 'backout_writer') then
      create role backout_writer nologin;
    end if;
  exception when duplicate_object or unique_violation then
    null;
  end
  $$;
  grant usage on schema backout to backout_writer;
  grant select, insert on backout.journal to backout_writer;
  grant select, insert, update on backout.lease, backout.release to backout_writer;
  grant select on backout.incident, backout.timeline, backout.migration to backout_writer;
`,[],O())),{ready:!0}}catch(t){if(T(t)!==`42501`)throw t;return{ready:!1,why:e(t)}}}async function rt(e,t,n){try{return await x(()=>w(e,async e=>(await e(`
  select pg_advisory_xact_lock(hashtextextended('backout schema', 0))
`,[],O()),n(e)),t))}catch(e){throw T(e)===`55P03`?Ye(t.lockMs,e):e}}async function it(e){let[n]=await e(`
  select
    to_regclass('backout.migration') is not null as migrated,
    getdatabaseencoding() as encoding,
    exists (select from pg_roles where rolname = 'backout_writer') as writer_exists,
    coalesce(
      (select rolcreaterole or rolsuper from pg_roles where rolname = current_user),
      false) as may_create_roles
`,[],ot);if(n===void 0)throw new t(at);Je(n.encoding);let r=n.migrated?await e(`
  select number, name, additive, checksum from backout.migration order by number
`,[],st):[],[i]=r.length>0&&n.writer_exists?await e(`
  select
    has_table_privilege('backout_writer', 'backout.journal', 'insert')
    and has_table_privilege('backout_writer', 'backout.lease', 'update')
    and has_table_privilege('backout_writer', 'backout.release', 'update')
    and has_table_privilege('backout_writer', 'backout.timeline', 'select') as ready
`,[],ct):[];return{steps:r,writerReady:i?.ready??!1,mayCreateRoles:n.may_create_roles}}const at={code:`E_JOURNAL_UNREACHABLE`,message:`The journal's database gave no answer to a question about its schema.`,remedy:`Run the same command again; if it happens again, look at the log of the database.`,retryable:!0},ot=k({migrated:M(),encoding:N(),writer_exists:M(),may_create_roles:M()}),st=k({number:P().int(),name:N(),additive:M(),checksum:N()}),ct=k({ready:M()}),lt={code:`E_JOURNAL_UNREACHABLE`,name:`The journal`,uncertain:`It was only read.`};function ut(e){return{async newest({service:t,environment:n}){return(await E(lt,e.address,()=>x(()=>S(e,`
  select distinct on (level, by) level, by, at, took_ms, budget_ms, incident
    from (
      select
        coalesce(
          started.data #>> '{plan,level}',
          case
            when started.data #> '{plan,steps}' @> '[{"action": {"kind": "prove-flag-group"}}]'
            then 'flags'
          end) as level,
        case when started.data #> '{plan,level}' is null then 'flag-test' else 'rollback' end as by,
        ended.at,
        ended.data -> 'within_budget_ms' as took_ms,
        started.data #> '{plan,budget_ms}' as budget_ms,
        ended.incident
      from backout.journal as ended
      join backout.journal as started
        on started.service = ended.service
       and started.environment = ended.environment
       and started.key = ended.incident || '/' || (ended.data ->> 'execution') || '/started'
       and started.kind = 'execution-started'
      where ended.service = $1
        and ended.environment = $2
        and ended.kind = 'execution-ended'
        and ended.data ->> 'outcome' = 'done'
    ) as proven
   where level is not null
   order by level, by, at desc
`,[t,n],dt)))).flat().toSorted((e,t)=>e.at<t.at?1:-1)}}}const dt=k({level:N(),by:j([`rollback`,`flag-test`]),at:A().transform(e=>e.toISOString()),took_ms:O(),budget_ms:O(),incident:N()}).transform(({level:e,took_ms:t,budget_ms:n,...r})=>{let i=l.find(t=>t===e);return i===void 0?[]:[{level:i,...r,...typeof t==`number`?{took_ms:t}:{},...typeof n==`number`?{budget_ms:n}:{}}]});function ft(e,n,r,i){return new t({code:`E_TAG_MOVED`,kind:`refused`,message:`The tag ${n} was moved: it was deployed to ${b(e)} as commit ${r.slice(0,10)}, and now it stands for ${i.slice(0,10)}.`,state:`The record of the first commit stands; nothing was changed.`,remedy:`Put the tag back where it was (\`git tag -f ${n} ${r}\`), or release the new commit under a new tag.`})}function pt(e,n,r){return new t({code:`E_RELEASE_BAD`,kind:`refused`,message:`${n} was found bad on ${b(e)}; it does not become ${r} by saying so.`,state:`${n} stays bad, and nobody goes back to it.`,remedy:`See why with \`backout release list\`. If it was a mistake, end it first: \`backout release unhold ${n}\`, then do the same again.`})}function mt(e,n){return new t({code:`E_RELEASE_UNKNOWN`,kind:`refused`,message:`No release ${n} was ever recorded for ${b(e)}.`,remedy:"Copy the tag from `backout assess`, which lists the recorded releases."})}const q=`($4::timestamptz is null or hold_at = $4::timestamptz)`,ht=`
  update backout.release
     set status = case when status = 'bad' and ${q} then 'deployed' else status end,
         hold_reason = case when ${q} then null else hold_reason end,
         hold_incident = case when ${q} then null else hold_incident end,
         hold_by = case when ${q} then null else hold_by end,
         hold_at = case when ${q} then null else hold_at end
   where service = $1 and environment = $2 and tag = $3
  returning tag
`,J=`tag, commit, status, deployed_at, hold_reason, hold_incident, hold_by, hold_at, details`,gt=`
  select ${J}
    from backout.release
   where service = $1 and environment = $2 and tag = $3
`,_t=`
  select ${J}
    from backout.release
   where service = $1 and environment = $2
   order by deployed_at desc, tag collate "C"
`,vt=`
  insert into backout.release as known
    (service, environment, tag, commit, status, deployed_at, details)
  values ($1, $2, $3, $4, 'deployed', $5, $6::jsonb)
  on conflict (service, environment, tag) do update
     set deployed_at = greatest(known.deployed_at, excluded.deployed_at),
         details = (
           select (older.details || newer.details) || case
                    when older.details ? 'artefacts' and newer.details ? 'artefacts'
                    then jsonb_build_object(
                           'artefacts',
                           (older.details -> 'artefacts') || (newer.details -> 'artefacts'))
                    else '{}'::jsonb
                  end
             from (select case when excluded.deployed_at < known.deployed_at
                               then excluded.details else known.details end as details) as older,
                  (select case when excluded.deployed_at < known.deployed_at
                               then known.details else excluded.details end as details) as newer
         )
   where known.commit = excluded.commit
  returning ${J}
`,yt={code:`E_RELEASES_UNREACHABLE`,name:`The record of releases`,uncertain:`Nobody can tell whether the record was changed. The same command again is safe: it is changed once.`};function bt(e){let t=t=>E(yt,e.address,()=>x(()=>w(e,t))),n=(e,n,r,i)=>t(async t=>{if((await t(r,[e.service,e.environment,n,...i],Ct)).length===0)throw mt(e,n)});return{list:t=>E(yt,e.address,()=>x(()=>S(e,_t,[t.service,t.environment],Y))),record:(e,n)=>t(t=>xt(t,e,n)),mark:(e,n,r)=>t(async t=>{let i=[e.service,e.environment,n];if((await t(`
  update backout.release
     set status = $4
   where service = $1 and environment = $2 and tag = $3
     and (status <> 'bad' or $4 = 'bad')
  returning tag
`,[...i,r],Ct)).length>0)return;let[a]=await t(gt,i,Y);throw a===void 0?mt(e,n):pt(e,n,r)}),hold:(e,t,r,i)=>r===void 0?n(e,t,ht,[i??null]):n(e,t,`
  update backout.release
     set hold_reason = coalesce(hold_reason, $4),
         hold_incident = case when hold_reason is null then $5 else hold_incident end,
         hold_by = coalesce(hold_by, $6),
         hold_at = coalesce(hold_at, $7)
   where service = $1 and environment = $2 and tag = $3
  returning tag
`,[y(r.reason),r.incident??null,y(r.by),r.at])}}async function xt(e,t,{tag:n,commit:r,at:i,details:o={}}){let s=[t.service,t.environment,n],l=JSON.stringify(c(a(o))),[u]=await e(vt,[...s,r,i,l],Y);if(u!==void 0)return u;let[d]=await e(gt,s,Y);throw ft(t,n,d?.commit??`another one`,r)}const St=A().transform(e=>e.toISOString()),Ct=k({tag:N()}),Y=k({tag:N(),commit:N(),status:j([`deployed`,`baking`,`good`,`bad`]),deployed_at:St,hold_reason:N().nullable(),hold_incident:N().nullable(),hold_by:N().nullable(),hold_at:St.nullable(),details:O()}).transform(e=>{let{tag:t,commit:n,status:r,deployed_at:i}=e,a=Dt(e),o=Et(e.details);return{tag:t,commit:n,status:r,deployedAt:i,...a===void 0?{}:{hold:a},...o===void 0?{}:{details:o}}}),wt=ge(N(),N()),Tt=k({artefacts:wt.optional().catch(void 0),schemaVersion:N().optional().catch(void 0),flags:ge(N(),j([`boolean`,`number`,`string`])).optional().catch(void 0),configHash:N().optional().catch(void 0),needs:be(N()).optional().catch(void 0),actor:N().optional().catch(void 0)});function Et(e){let{artefacts:t,schemaVersion:n,flags:r,needs:i,configHash:a,actor:o}=Tt.parse(e),s={...t===void 0?{}:{artefacts:t},...n===void 0?{}:{schemaVersion:n},...r===void 0?{}:{flags:r},...i===void 0?{}:{needs:i},...a===void 0?{}:{configHash:a},...o===void 0?{}:{actor:o}};return Object.keys(s).length===0?void 0:s}function Dt(e){if(e.hold_reason!==null&&e.hold_by!==null&&e.hold_at!==null)return{reason:e.hold_reason,...e.hold_incident===null?{}:{incident:e.hold_incident},by:e.hold_by,at:e.hold_at}}function Ot(e){if(e.mode!==`unreadable`)return he(e),e;throw new t({code:`E_OVERRIDE`,kind:`usage`,message:`The override of incident ${e.incident} cannot be mirrored, because it cannot be read: ${e.problem}`,state:`Where it is stored, it counts as everything safe.`,remedy:`Repair it, or ask for safe state again; then it is mirrored.`})}function kt(e,n){if(he(e),e.incident!==n)throw new t({code:`E_OVERRIDE`,kind:`usage`,message:`The trip is for incident ${n}, its override for ${e.incident}.`,remedy:`Trip the breakers with the override of the same incident.`})}function At(e,n,r){return new t({code:`E_BREAKER_CHANGED`,kind:`refused`,message:`Something changed between reading the breakers (${D(n)}) and setting ${e} (${D(r)}).`,remedy:"Look at the breakers again and decide again: `backout breakers status`."})}function jt(e){n(`a service`,e.service),n(`an environment`,e.environment);let t=`backout:{${e.service}:${e.environment}}`;return{breakers:`${t}:breakers`,epoch:`${t}:epoch`,overrides:`${t}:overrides`,instances:`${t}:instances`,changes:`${t}:changes`}}const X=`
local function readEpoch()
  local text = redis.call("GET", KEYS[2])
  local generation, counter = string.match(text or "", "^([a-z0-9%-]+):(%d+)$")
  if generation then return generation, tonumber(counter) end
  redis.call("SET", KEYS[2], ARGV[2] .. ":0")
  return ARGV[2], 0
end
local function formatEpoch(generation, counter)
  return generation .. ":" .. string.format("%.0f", counter)
end
local function finish(changed)
  local generation, counter = readEpoch()
  if not changed then return formatEpoch(generation, counter) end
  local epoch = formatEpoch(generation, counter + 1)
  redis.call("SET", KEYS[2], epoch)
  redis.call("PUBLISH", ARGV[1], epoch)
  return epoch
end
`,Mt=`
local function decode(text)
  local ok, value = pcall(cjson.decode, text)
  if ok and type(value) == 'table' then return value end
end
local function instant(value)
  if type(value) ~= 'string' then return nil end
  if string.match(value, '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$') then
    value = string.sub(value, 1, 19) .. '.000Z'
  end
  return string.match(value, '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$')
end
-- An empty list would be encoded as an empty object, which is not a list of groups.
local function encode(document)
  local text = cjson.encode(document)
  if type(document.groups) == 'table' and #document.groups == 0 then
    text = string.gsub(text, '"groups":{}', '"groups":[]', 1)
  end
  return text
end
local function groupsOf(document)
  if type(document.groups) == 'table' then return document.groups end
end
local function merge(storedText, wantedText)
  if not storedText then return wantedText end
  local wanted = decode(wantedText)
  local stored = decode(storedText)
  local storedSince = stored and instant(stored.since)
  if not storedSince or (stored.mode ~= 'safe' and stored.mode ~= 'lifted') then
    if wanted.mode == 'lifted' then return wantedText end
    wanted.groups = nil
    return encode(wanted)
  end
  local wantedSince = instant(wanted.since)
  if wanted.mode == 'lifted' then
    if stored.mode == 'lifted' and wantedSince <= storedSince then return nil end
    if wantedSince < storedSince then return nil end
    return wantedText
  end
  if stored.mode == 'lifted' then
    if wantedSince <= storedSince then return nil end
    return wantedText
  end
  local later = wantedSince > storedSince
  local wider = false
  if groupsOf(stored) and not groupsOf(wanted) then wider = true end
  if groupsOf(stored) and groupsOf(wanted) then
    local groups, known = {}, {}
    for _, group in ipairs(groupsOf(stored)) do table.insert(groups, group); known[group] = true end
    for _, group in ipairs(groupsOf(wanted)) do
      if not known[group] then table.insert(groups, group); known[group] = true; wider = true end
    end
    wanted.groups = groups
  end
  if wider then
    if not later then wanted.since = stored.since end
    return encode(wanted)
  end
  if not later then return nil end
  stored.since = wanted.since
  return encode(stored)
end
local function mirror(incident, wantedText)
  local text = merge(redis.call('HGET', KEYS[3], incident), wantedText)
  if not text then return false end
  redis.call('HSET', KEYS[3], incident, text)
  return true
end
`,Nt=`${X}
return {finish(false), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[3])}
`,Pt=`${X}${Mt}
local changed = false
local at = instant(decode(ARGV[3]).since)
for index = 6, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[index])
  local stored = text and decode(text) or {}
  local isolated = stored.state == 'isolated'
  local already = stored.state == 'open' and stored.incident == ARGV[4]
  local since = instant(stored.since)
  local later = at and since and since > at
  if not isolated and not already and not later then
    redis.call('HSET', KEYS[1], ARGV[index], ARGV[3])
    changed = true
  end
end
if ARGV[5] ~= '' and mirror(ARGV[4], ARGV[5]) then changed = true end
return finish(changed)
`,Ft=`${X}
local epoch = finish(false)
if redis.call('HGET', KEYS[1], ARGV[4]) == ARGV[5] then return {1, epoch} end
if epoch ~= ARGV[3] then return {0, epoch} end
redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
return {1, finish(true)}
`,It=`${X}${Mt}
return finish(mirror(ARGV[3], ARGV[4]))
`;function Lt(e){let{redis:t,ids:r,capMs:a=1e3}=e,o=jt(e.scope);async function c(e,n,...i){let s=[o.breakers,o.epoch,o.overrides,o.changes,r.next()];return Rt(n,()=>le(t,a,t=>t.eval(e,3,...s,...i)))}return{async read(){let[e,t,n]=Q(await c(Nt,void 0));return{epoch:Z(e),states:Object.fromEntries(zt(t).map(([e,t])=>[e,h(t)])),overrides:zt(n).map(([e,t])=>pe(e,t))}},async trip(e){let{providers:t,by:r,reason:a,incident:o,at:s,override:l}=e;for(let e of t)n(`a provider`,e);l!==void 0&&kt(l,o);let u={state:`open`,since:s,by:r,reason:a,incident:o},d=l===void 0?``:me(l);return Z(await c(Pt,`The breakers may have been opened or not; the flags do not depend on it.`,i(u),o,d,...t))},async set(e,t,r){n(`a provider`,e);let i=s(e,t),[a,o]=Q(await c(Ft,`The breaker of ${e} may have been changed or not.`,D(r),e,i));if(a===1)return Z(o);throw At(e,r,Z(o))},async announce(e){let t=me(Ot(e)),n=e.incident;return Z(await c(It,`The instances may have been told or not; they find out from the flags themselves.`,n,t))},async instances(){let e=await Rt(void 0,()=>le(t,a,e=>e.hgetall(o.instances)));return Object.entries(e).map(([e,t])=>_(e,t))}}}async function Rt(e,n){try{return await n()}catch(n){if(!(n instanceof ce))throw n;let r=e!==void 0&&n.sent;throw new t({code:`E_BREAKERS_UNREACHABLE`,kind:r?`uncertain`:`failed`,message:`Redis, which has the circuit breakers, did not do what was asked of it.`,...r?{state:e}:{},remedy:`Nothing is wrong with repeating it. Check that Redis runs and can be reached from here; the flags work without it.`,retryable:!0,cause:n.cause})}}function Z(e){let t=typeof e==`string`?fe(e):void 0;if(t===void 0)throw $(e);return t}function Q(e){if(!Array.isArray(e))throw $(e);return e}function zt(e){let t=Q(e).map(String);return t.flatMap((e,n)=>n%2==0?[[e,t[n+1]??``]]:[])}function $(e){return new t({code:`E_BREAKERS_ANSWER`,kind:`uncertain`,message:`Redis answered something that is no answer to our question: ${JSON.stringify(e)}.`,state:`What was asked for may have been done or not.`,remedy:`Check that the address leads to a Redis server and that its scripts are not disabled.`})}async function Bt(e){let{options:t,stateDirectory:n,clock:r,resources:i}=e,a=await Ut(e),o=i.use(we({primary:a.journal,spoolDirectory:xe(n,`spool`),clock:r,mode:t.journalMode}));return{...a,...await v(e),journal:o,breakers:Vt(e),drain:()=>o.drain()}}function Vt({options:e,config:t,scope:n,ids:r,resources:i}){let{environment:a}=t;return ue(e,m,()=>{if(a.redis===void 0){let e=`environments.${a.name}.redis.url`;return m(p(`E_BREAKERS_UNREACHABLE`,`Redis`,e))}let t=C(a.redis.url,e.variables);return Lt({redis:i.use(se(t)),scope:n,ids:r})})}function Ht(n){return new t({code:`E_JOURNAL_UNREACHABLE`,message:`The journal's database cannot be connected: ${e(n)}`,remedy:`Set what is missing; spooled entries are carried over by the next command.`,cause:n})}async function Ut({options:e,config:{environment:n},resources:r}){let i=ue(e,Ht,()=>{let t=`environments.${n.name}.journal.url`;if(n.journal===void 0)return p(`E_JOURNAL_UNREACHABLE`,`A journal database`,t);let i=C(n.journal.url,e.variables);return r.use(De(i,{applicationName:`backout`}))});if(i instanceof t)return g(i);let a={journal:Ne(i),leases:Ue(i),releases:bt(i),proofs:ut(i)};return e.journalMode===`spool-first`?{...a,journal:Wt(a.journal,()=>et(i))}:(await et(i).catch(()=>void 0),a)}function Wt(e,t){let n,r=async()=>{n??=t();try{await n}catch(e){throw n=void 0,e}};return{append:async t=>(await r(),await e.append(t)),read:async(t,n)=>(await r(),await e.read(t,n)),incidents:async t=>(await r(),await e.incidents(t))}}export{Bt as openDirectStores};