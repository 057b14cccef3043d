"""How much of a quota the program uses, and how much it is throttled for it.

    python3 benches/quota.py        about three minutes

Told 20 requests/s where 20 are allowed, 180 ms away, for each shape a quota can have; then told 40 where 10 are allowed.
"""

from measure import BENCH, Standin, Verdicts, analyze, build, turns


def measured(source, told, **flags):
    with Standin(latency_ms=170, jitter_ms=20, **flags) as standin:
        rate = ["--requests-per-second", str(told)]
        run = analyze(
            source, BENCH / "quota", "--engine", "comprehend", "--cache", "off", *rate, environment=standin.environment
        )
        stats = standin.stats()
    print(
        f"        {run.seconds:.1f} s, {stats['requests']} requests, {stats['answered']} answered, "
        f"{stats['throttled']} throttled, at most {stats['most_in_flight']} in flight"
    )
    return stats


def main():
    build()
    verdicts = Verdicts()
    for shape in ("bucket", "sliding", "fixed"):
        print(f"quota 20/s as a {shape}, told 20/s, 180 ms")
        stats = measured(turns(60_000), 20, quota=20, quota_shape=shape)
        verdicts.at_least("requests", stats["requests"], 300, "{:.0f}")
        verdicts.at_least("share of the quota used", stats["quota_used"], 0.97)
        verdicts.at_most("share throttled", stats["throttled"] / stats["requests"], 0.01)
    for shape in ("bucket", "sliding", "fixed"):
        print(f"quota 10/s as a {shape}, told 40/s, 180 ms")
        stats = measured(turns(30_000), 40, quota=10, quota_shape=shape)
        verdicts.at_least("share of the quota used", stats["quota_used"], 0.85)
        verdicts.at_most("refusals per answer", stats["throttled"] / stats["answered"], 0.999)
    verdicts.exit()


if __name__ == "__main__":
    main()
