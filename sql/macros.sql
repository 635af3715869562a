-- Whether what begins on one day and ends before another (null: open) holds on a day.
create or replace macro holds_on(day, begins, ends) as
    (begins is null or begins <= day) and (ends is null or ends > day);

-- The normal distribution: the share below z. Double precision after G. West, "Better approximations to
-- cumulative normal functions", Wilmott Magazine, May 2005 (from J. F. Hart's algorithm 5666).
create or replace macro normal_cdf(z) as
    case
        when z is null then null
        when z > 0 then 1 - upper_tail(z)
        else upper_tail(-z)
    end;

-- The share above x >= 0.
create or replace macro upper_tail(x) as
    case
        when x > 37 then 0.0
        when x < 7.07106781186547 then
            exp(-x * x / 2)
            * ((((((3.52624965998911e-2 * x + 0.700383064443688) * x + 6.37396220353165) * x
                + 33.912866078383) * x + 112.079291497871) * x + 221.213596169931) * x + 220.206867912376)
            / (((((((8.83883476483184e-2 * x + 1.75566716318264) * x + 16.064177579207) * x
                + 86.7807322029461) * x + 296.564248779674) * x + 637.333633378831) * x
                + 793.826512519948) * x + 440.413735824752)
        else
            exp(-x * x / 2) / (x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) / 2.506628274631
    end;

-- Where a rank stands among n models: 0 is first, 100 is last; null where there is no other model.
create or replace macro rank_percent(rank, n) as 100 * (rank - 1) / nullif(n - 1, 0);

-- A gap in percent of the lower-placed score, as the AI Index does; null where that is 0.
create or replace macro relative_gap(top, kth) as 100 * abs(top - kth) / nullif(abs(kth), 0);

-- Standard error of a score: from its 95% interval, else binomial from n where it is a share of `whole`; null
-- where it is not known.
create or replace macro standard_error(score, ci_low, ci_high, n, whole) as
    case
        when score is null then null
        when ci_high is not null and ci_low is not null then (ci_high - ci_low) / 3.92
        when score between 0 and whole then sqrt(score * (whole - score) / n)
    end;

comment on macro holds_on is 'Whether what begins on one day and ends before another (null: open) holds on a day.';
comment on macro normal_cdf is 'Share of the standard normal distribution below z.';
comment on macro upper_tail is 'Share of the standard normal distribution above x >= 0.';
comment on macro rank_percent is 'Where a rank stands among n: 0 is first, 100 is last.';
comment on macro relative_gap is 'A gap in percent of the lower-placed score.';
comment on macro standard_error is 'Standard error of a score from its interval, else from n where it is a share of whole.';
