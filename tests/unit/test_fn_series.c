/* Series of numbers, sketches: examples of the reference pages and recorded emulator results. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fx.h"

#define EQ(text, ...) \
    cr_expect_str_eq(FX(f, __VA_ARGS__), text, #__VA_ARGS__ " gives %s, not %s", FX(f, __VA_ARGS__), text)
#define NEAR(number, ...) \
    cr_expect(fabs(atof(FX(f, __VA_ARGS__)) - (number)) < 1e-9, #__VA_ARGS__ " gives %s", FX(f, __VA_ARGS__))
#define J(text) fx_json(f, text)
#define TWO "dynamic, dynamic"
static fx *f;
static void setup(void)
{
    f = fx_new();
}
static void teardown(void)
{
    fx_free(f);
}
TestSuite(fn_series, .init = setup, .fini = teardown);

Test(fn_series, item_by_item)
{
    EQ("[5,4,5]", "series_add", TWO, J("[1,2,4]"), J("[4,2,1]"));
    EQ("[-3,0,3]", "series_subtract", TWO, J("[1,2,4]"), J("[4,2,1]"));
    EQ("[0.25,1.0,4.0]", "series_divide", TWO, J("[1,2,4]"), J("[4,2,1]"));
    EQ("[10,20,null]", "series_multiply", "dynamic, any", J("[1,2,\"x\"]"), FX_L(10));
    EQ("[1,2,null]", "series_add", TWO, J("[1,2,3]"), J("[0,0]"));
    EQ("[1.0,4.0,27.0,2.0]", "series_pow", TWO, J("[1,2,3,4]"), J("[1,2,3,0.5]"));
    EQ("[true,true,false]", "series_less_equals", TWO, J("[1,2,4]"), J("[4,2,1]"));
    EQ("[true,false,false]", "series_greater", "dynamic, any", J("[60,0,0]"), FX_L(15));
    EQ("[6.5,0,8.2]", "series_abs", "dynamic", J("[-6.5,0,8.2]"));
    EQ("[-1,0,1]", "series_sign", "dynamic", J("[-6,0,8]"));
}

Test(fn_series, filling)
{
    EQ("[null,36,41,41,16,16]", "series_fill_forward", "dynamic, [any]", J("[null,36,41,null,16,null]"));
    EQ("[36,36,41,16,16,null]", "series_fill_backward", "dynamic, [any]", J("[null,36,41,null,16,null]"));
    EQ("[10,0,0,40]", "series_fill_linear", "dynamic, [any], [bool], [any]", J("[10,0,0,40]"));
    EQ("[111,111,73,36,41,32,24,16,61,33,33,33]", "series_fill_linear", "dynamic, [any], [bool], [any]",
       J("[null,111,null,36,41,null,null,16,61,33,null,null]"));
    EQ("[null,111.0,73.5,36.0,null]", "series_fill_linear", "dynamic, [any], [bool], [any]",
       J("[null,111.0,null,36.0,null]"), FX_NULL(RTQ_REAL), FX_B(0));
    EQ("[0,0]", "series_fill_linear", "dynamic, [any], [bool], [any]", J("[null,null]"));
    EQ("[111,-1,36]", "series_fill_const", "dynamic, [any], [any]", J("[111,null,36]"), FX_L(-1));
}

Test(fn_series, filters)
{
    EQ("[0.0,5.0,15.0]", "series_fir", "dynamic, dynamic, [bool], [bool]", J("[0,10,20]"), J("[1,1]"));
    EQ("[0.0,0.0,1.0,0.0]", "series_fir", "dynamic, dynamic, [bool], [bool]", J("[0,0,1,1]"), J("[1,-1]"), FX_B(0),
       FX_B(0));
    EQ("[1.0,3.0,6.0,10.0]", "series_iir", "dynamic, dynamic, dynamic", J("[1,2,3,4]"), J("[1]"), J("[1,-1]"));
}

Test(fn_series, statistics)
{
    EQ("{\"min\":1.0,\"min_idx\":0,\"max\":3.0,\"max_idx\":2,\"avg\":2.0,\"stdev\":1.0,\"variance\":1.0,\"sum\":6.0,"
       "\"len\":3}",
       "series_stats_dynamic", "dynamic, [const bool]", J("[1,2,3]"));
    EQ("null", "series_stats_dynamic", "dynamic, [const bool]", J("[10,null]"));
    EQ("8", "__series_stats_nth", "const long, dynamic, [const bool]", FX_L(1), J("[23,46,23,87,4,8,3,75,2,56]"));
    NEAR(0.99935343825504, "series_cosine_similarity", "dynamic, dynamic, [real], [real]", J("[0.1,0.2,0.1,0.2]"),
         J("[0.11,0.2,0.11,0.21]"));
    NEAR(1, "series_pearson_correlation", TWO, J("[1,2,3]"), J("[2,4,6]"));
    EQ("12.0", "series_dot_product", TWO, J("[1,2,4]"), J("[4,2,1]"));
    EQ("60.0", "series_dot_product", "dynamic, any", J("[1,2,3]"), FX_L(10));
    EQ("24.0", "series_product", "dynamic", J("[1,2,3,4]"));
    EQ("5.0", "series_magnitude", "dynamic", J("[3,4]"));
    NEAR(0.92, "series_fit_line", "dynamic", J("[1.0,2.0,4.0,8.0]"));
    NEAR(-1.6666666666666667, "__series_fit_line_nth", "const long, dynamic", FX_L(4),
         J("[2,5,6,8,11,15,17,18,25,26,30,30]"));
    EQ("{\"rsquare\":1.0,\"slope\":2.0,\"variance\":4.0,\"rvariance\":0.0,\"interception\":-1.0,\"line_fit\":[1.0,3.0,"
       "5.0]}",
       "series_fit_line_dynamic", "dynamic", J("[1,3,5]"));
    NEAR(98.62878787878788, "__series_fit_line_nth", "const long, dynamic", FX_L(2),
         J("[2,5,6,8,11,15,17,18,25,26,30,30]"));
}

/* The line is the one of the page's picture; the splits are those that series_shapes_fl() of the reference's library reads. */
Test(fn_series, two_lines)
{
    rtq__cell page = J("[1,2.2,2.5,4.7,5.0,12,10.3,10.3,9,8.3,6.2]");
    EQ("5", "__series_fit_2lines_nth", "const long, dynamic", FX_L(1), page);
    EQ("-1.0371428571428572", "__series_fit_2lines_nth", "const long, dynamic", FX_L(6), page);
    EQ("1.05", "__series_fit_2lines_nth", "const long, dynamic", FX_L(11), page);
    NEAR(0.9865131917168768, "series_fit_2lines", "dynamic", page);
    NEAR(12.98, "__series_fit_2lines_nth", "const long, dynamic", FX_L(7), page);
    NEAR(-0.07, "__series_fit_2lines_nth", "const long, dynamic", FX_L(12), page);
    NEAR(13.894, "__series_fit_2lines_nth", "const long, dynamic", FX_L(2), page);
    NEAR(0.18738571428571419, "__series_fit_2lines_nth", "const long, dynamic", FX_L(3), page);
    EQ("[0.98,2.0300000000000004,3.08,4.130000000000001,5.18,11.942857142857145,10.905714285714288,9.86857142857143,"
       "8.831428571428575,7.794285714285716,6.757142857142859]",
       "__series_fit_2lines_nth", "const long, dynamic", FX_L(4), page);
    EQ("null", "__series_fit_2lines_nth", "const long, dynamic", FX_L(15), page);
    EQ("{\"rsquare\":1.0,\"split_idx\":2,\"variance\":1.2,\"rvariance\":0.0,\"line_fit\":[2.0,2.0,4.0,4.0,4.0],"
       "\"right\":{\"rsquare\":1.0,\"slope\":0.0,\"interception\":4.0,\"variance\":0.0,\"rvariance\":0.0},"
       "\"left\":{\"rsquare\":1.0,\"slope\":0.0,\"interception\":2.0,\"variance\":0.0,\"rvariance\":0.0}}",
       "series_fit_2lines_dynamic", "dynamic", J("[2,2,4,4,4]"));
    for (int i = 0; i < 8; i++) {
        static const char *const none[] = {"[]",
                                           "[1]",
                                           "[1,2,3]",
                                           "[1,null,3,4,5]",
                                           "[1,2,3,\"4\"]",
                                           "{\"a\":[1]}",
                                           "7",
                                           "[1e308,-1e308,1e308,-1e308]"};
        EQ("null", "series_fit_2lines_dynamic", "dynamic", J(none[i]));
        EQ("null", "series_fit_2lines", "dynamic", J(none[i]));
    }
}

/* Of splits that are equally good the first one counts, whatever rounding makes of them. */
Test(fn_series, two_lines_of_one)
{
    EQ("2", "__series_fit_2lines_nth", "const long, dynamic", FX_L(1), J("[5,5,5,5]"));
    EQ("2", "__series_fit_2lines_nth", "const long, dynamic", FX_L(1), J("[0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.0]"));
    EQ("1.0", "series_fit_2lines", "dynamic", J("[5,5,5,5]"));
    EQ("7", "__series_fit_2lines_nth", "const long, dynamic", FX_L(1),
       J("[1e9,1e9,1e9,1e9,1e9,1e9,1e9,1e9,1000000005]"));
}

#define SEASONAL "series_seasonal", "dynamic, [const long]"
#define PART(k) "__series_decompose_nth", "const long, dynamic, [const long], [const string], [long], [real]", FX_L(k)
#define FORECAST(k) \
    "__series_decompose_forecast_nth", "const long, dynamic, long, [const long], [const string], [real]", FX_L(k)

Test(fn_series, seasons)
{
    EQ("[1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0]", SEASONAL, J("[1,3,5,1,3,5,2,4,6]"), FX_L(3));
    EQ("[1.5,3.5,5.5,1.5,3.5,5.5,1.5,3.5,5.5,1.5,3.5,5.5]", SEASONAL, J("[1,3,5,2,4,6,1,3,5,2,4,6]"), FX_L(3));
    EQ("[1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0]",
       SEASONAL, J("[2,5,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1]"), FX_L(6));
    EQ("[0.0,0.0,0.0]", SEASONAL, J("[1,3,5]"), FX_L(0));
    EQ("[0.0,0.0,0.0]", SEASONAL, J("[1,3,5]"), FX_L(-7));
    EQ("[1.0,3.0,5.0]", SEASONAL, J("[1,3,5]"), FX_L(4));
    EQ("[1.0,3.0,5.0]", SEASONAL, J("[1,3,5]"), FX_L(INT64_MAX));
    EQ("[3.0,3.0,3.0]", SEASONAL, J("[1,3,5]"), FX_L(1));
    EQ("[7.0]", SEASONAL, J("[7]"), FX_L(1));
    EQ("[]", SEASONAL, J("[]"), FX_L(3));
    EQ("[1e308,1e308]", SEASONAL, J("[1e308,1e308]"), FX_L(1));
    EQ("null", SEASONAL, J("[1,null,3]"), FX_L(2));
    EQ("null", SEASONAL, J("[1,\"3\",3]"), FX_L(2));
    EQ("null", SEASONAL, J("{\"a\":1}"), FX_L(2));
    EQ("null", SEASONAL, J("7"), FX_L(2));
}

/* First the season, then the trend of what it leaves. */
Test(fn_series, parts)
{
    rtq__cell x = J("[0,10,0,10,6,10]"), y = J("[1,5,1,5,9,9]");
    EQ("[1.0,11.0,1.0,11.0,1.0,11.0]", PART(0), x, FX_L(2));
    EQ("[0.0,10.0,0.0,10.0,0.0,10.0]", PART(1), x, FX_L(2), FX_S("avg"));
    EQ("[1.0,1.0,1.0,1.0,1.0,1.0]", PART(2), x, FX_L(2), FX_S("avg"));
    EQ("[-1.0,-1.0,-1.0,-1.0,5.0,-1.0]", PART(3), x, FX_L(2), FX_S("avg"));
    EQ("[0.0,0.0,0.0,0.0,6.0,0.0]", PART(3), x, FX_L(2), FX_S("none"));
    EQ("[0.0,0.0,0.0,0.0,0.0,0.0]", PART(0), x, FX_L(0), FX_S("none"));
    EQ("[0.0,10.0,0.0,10.0,6.0,10.0]", PART(3), x, FX_L(0), FX_S("none"));
    EQ("[1.0,3.0,5.0]", PART(2), J("[1,3,5]"), FX_L(0), FX_S("linefit"));
    EQ("[-2.0,0.0,2.0]", PART(2), J("[1,3,5]"), FX_L(1), FX_S("linefit"));
    EQ("[1.0,3.0,5.0]", PART(0), J("[1,3,5]"), FX_L(1), FX_S("linefit"));
    EQ("null", PART(4), x, FX_L(2));
    EQ("null", PART(-1), x, FX_L(2));
    EQ("[1.0,5.0,1.0,5.0,1.0,5.0]", PART(0), y, FX_L(2), FX_S("avg"), FX_L(2));
    EQ("[0.0,0.0,0.0,0.0,8.0,4.0]", PART(3), y, FX_L(2), FX_S("avg"), FX_L(2), FX_R(0.5));
    EQ("[1.0,5.0,1.0,5.0,1.0,5.0]", FORECAST(0), y, FX_L(2), FX_L(2), FX_S("avg"));
    EQ("[1.0,3.0,5.0,7.0,9.0]", FORECAST(0), J("[1,3,5,0,0]"), FX_L(2), FX_L(0), FX_S("linefit"));
    EQ("[1.0,5.0,1.0,5.0,1.0,5.0]", "series_decompose_forecast", "dynamic, long, [const long], [const string], [real]",
       y, FX_L(2), FX_L(2), FX_S("avg"));
}

/* Nothing to learn from, nothing that is a number, or too large for the trend: no parts. */
Test(fn_series, parts_of_nothing)
{
    rtq__cell x = J("[1,2,3]");
    EQ("[]", PART(0), J("[]"), FX_L(2));
    EQ("[]", PART(3), J("[]"), FX_L(0), FX_S("linefit"));
    EQ("[7.0]", PART(0), J("[7]"), FX_L(0));
    EQ("null", PART(0), J("[7]"), FX_L(0), FX_S("linefit"));
    EQ("null", PART(0), J("[1,null,3]"), FX_L(2));
    EQ("null", PART(0), J("[1e308,1e308,1e308]"), FX_L(0));
    EQ("null", PART(0), x, FX_L(0), FX_S("avg"), FX_L(3));
    EQ("null", PART(0), x, FX_L(0), FX_S("avg"), FX_L(4));
    EQ("null", PART(0), x, FX_L(0), FX_S("avg"), FX_L(-1));
    EQ("null", PART(0), x, FX_L(0), FX_S("avg"), FX_L(INT64_MIN));
    EQ("null", PART(0), x, FX_L(0), FX_S("avg"), FX_NULL(RTQ_LONG));
    EQ("null", PART(0), x, FX_L(3), FX_S("avg"), FX_L(1));
    EQ("null", FORECAST(0), J("7"), FX_L(1), FX_L(2), FX_S("avg"));
}

#define OUTLIERS "series_outliers", "dynamic, [const string], [real], [const real], [const real]"
#define ANOMALY(k)                      \
    "__series_decompose_anomalies_nth", \
        "const long, dynamic, [real], [const long], [const string], [long], [const string], [real]", FX_L(k)

/* The first is what Kusto printed, as the question "How does Kusto series_outliers() calculate anomaly scores?" has it. */
Test(fn_series, outliers)
{
    rtq__cell x = J("[-3,2.4,15,3.9,5,6,4.5,5.2,3,4,5,16,7,5,5,4]"), few = J("[1,2,3,4,13]");
    EQ("[-1.904078548360857,-0.10021466044004519,1.3361954725339347,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.6702443406674186,"
       "0.0,0.0,0.0,0.0]",
       OUTLIERS, x);
    EQ("[-0.5,0.0,0.0,0.0,4.5]", OUTLIERS, few, FX_S("tukey"));
    EQ("[-0.5,0.0,0.0,0.0,4.5]", OUTLIERS, few, FX_S("tukey"), FX_NULL(RTQ_REAL), FX_R(5), FX_R(95));
    EQ("[0.0,0.0,0.0,-0.6931514013769787]", OUTLIERS, J("[1,77,1,0]"), FX_S("ctukey"), FX_R(77), FX_R(10), FX_R(90));
    EQ("[-0.5,0.0,0.0,0.0,4.5,0.0,0.0]", OUTLIERS, J("[1,2,3,4,13,null,7]"), FX_S("tukey"), FX_R(7));
    EQ("[0.0,-0.5,0.0,0.0,0.0,4.5]", OUTLIERS, J("[\"7\",1,2,3,4,13]"), FX_S("tukey"), FX_NULL(RTQ_REAL));
}

/* Where nothing lies outside the score is 0; where the range is none, nothing can be told of what does. */
Test(fn_series, outliers_of_nothing)
{
    EQ("[]", OUTLIERS, J("[]"));
    EQ("[0.0]", OUTLIERS, J("[7]"));
    EQ("[0.0,0.0]", OUTLIERS, J("[null,null]"));
    EQ("[0.0,0.0,0.0]", OUTLIERS, J("[5,5,5]"));
    EQ("[0.0,0.0]", OUTLIERS, J("[0,0]"), FX_S("ctukey"), FX_R(0));
    EQ("null", OUTLIERS, J("[5,5,5,5,5,5,5,5,5,5,5,5,9]"));
    EQ("null", OUTLIERS, J("[-1e308,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1e308]"));
    EQ("null", OUTLIERS, J("[-1e308,-1e308,-1e308,1e308,1e308,1e308,1.5e308]"));
    EQ("null", OUTLIERS, J("{\"a\":1}"));
    EQ("null", OUTLIERS, J("7"));
    EQ("null", OUTLIERS, FX_NULL(RTQ_DYNAMIC));
}

Test(fn_series, anomalies)
{
    rtq__cell x = J("[-3,2.4,15,3.9,5,6,4.5,5.2,3,4,5,16,7,5,5,4]"), y = J("[1,5,2,6,3,7,17,8,40,0]");
    EQ("[-1,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0]", ANOMALY(0), x, FX_R(1.5), FX_L(0));
    EQ("[-1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", ANOMALY(0), x, FX_R(1.7), FX_L(0), FX_S("none"));
    EQ("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", ANOMALY(0), x, FX_R(1.9040785483608571), FX_L(0));
    EQ("[-1,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0]", "series_decompose_anomalies",
       "dynamic, [real], [const long], [const string], [long], [const string], [real]", x, FX_R(1.5), FX_L(0));
    EQ("[-1.904078548360857,-0.10021466044004519,1.3361954725339347,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.6702443406674186,"
       "0.0,0.0,0.0,0.0]",
       ANOMALY(1), x, FX_R(1.5), FX_L(0), FX_S("none"));
    EQ("[2.0,6.0,2.0,6.0,2.0,6.0,2.0,6.0,2.0,6.0]", ANOMALY(2), y, FX_R(1.5), FX_L(2), FX_S("none"), FX_L(4));
    EQ("[-0.16666666666666667,-0.16666666666666667,0.0,0.0,0.16666666666666667,0.16666666666666667,9.5,0."
       "8333333333333334,"
       "24.833333333333333,-3.5]",
       ANOMALY(1), y, FX_R(1.5), FX_L(2), FX_S("none"), FX_L(4), FX_S("tukey"));
    EQ("[0,0,0,0,0,0,1,0,1,-1]", ANOMALY(0), y, FX_R(2.25), FX_L(2), FX_S("none"), FX_L(4), FX_S("tukey"), FX_R(0.5));
    EQ("[0,0,0]", ANOMALY(0), J("[5,5,5]"), FX_R(1.5), FX_L(0));
    EQ("[5.0,5.0,5.0]", ANOMALY(2), J("[5,5,5]"), FX_R(1.5), FX_L(0));
    EQ("[]", ANOMALY(0), J("[]"), FX_R(1.5), FX_L(0));
    EQ("null", ANOMALY(0), J("[1,null]"), FX_R(1.5), FX_L(0));
    EQ("null", ANOMALY(1), J("[5,5,5,5,5,5,5,5,5,5,5,5,9]"), FX_R(1.5), FX_L(0), FX_S("none"));
    EQ("null", ANOMALY(0), x, FX_R(1.5), FX_L(0), FX_S("none"), FX_L(16));
    EQ("null", ANOMALY(3), x, FX_R(1.5), FX_L(0));
}

#define POLY(k) "__series_fit_poly_nth", "const long, dynamic, [dynamic], [const long]", FX_L(k)

Test(fn_series, polynomials)
{
    rtq__cell y = J("[2,5,6,8,11,15,17,18,25,26,30,30]"), square = J("[1,0,1,4]"), x = J("[-1,0,1,2]");
    NEAR(0.982900730884447, "series_fit_poly", "dynamic, [dynamic], [const long]", y);
    NEAR(98.62878787878788, POLY(2), y);
    NEAR(1.6864801864801862, POLY(3), y);
    EQ("[2.0,-1.0]", POLY(1), J("[1,3,5]"));
    EQ("[1.0,3.0,5.0]", POLY(4), J("[1,3,5]"));
    EQ("[1.0,0.0,0.0]", POLY(1), square, x, FX_L(2));
    EQ("[1.0,0.0,1.0,4.0]", POLY(4), square, x, FX_L(2));
    EQ("1.0", POLY(0), square, x, FX_L(2));
    EQ("[1.5]", POLY(1), square, x, FX_L(0));
    EQ("0.0", POLY(0), square, x, FX_L(0));
    EQ("[2.0,-0.5]", POLY(1), J("[1,2,3,4]"), J("[1,1,2,2]"), FX_L(1));
    EQ("1.0", POLY(0), J("[5,5,5]"));
    EQ("null", POLY(5), y);
    EQ("null", POLY(1), J("[1,2,3,4]"), J("[1,1,2,2]"), FX_L(2));
    EQ("null", POLY(1), J("[1,2,3]"), J("[1,2,3]"), FX_L(3));
    EQ("null", POLY(1), J("[1,2,3]"), J("[1,2]"));
    EQ("null", POLY(1), J("[1,2,3]"), J("[1,2,null]"));
    EQ("null", POLY(1), J("[1,null,3]"));
    EQ("null", POLY(1), J("[1]"));
    EQ("null", POLY(1), J("[]"));
    EQ("null", POLY(1), J("7"));
    EQ("null", POLY(1), J("[-1e308,1e308,-1e308]"));
}

#define FFT(k) "__series_fft_nth", "const long, dynamic, [dynamic]", FX_L(k)
#define IFFT(k) "__series_ifft_nth", "const long, dynamic, [dynamic]", FX_L(k)

/* Lengths that are powers of two, and those that are not; what comes back is what went in. */
Test(fn_series, fourier)
{
    EQ("[10.0,-2.0,-2.0,-2.0]", FFT(0), J("[1,2,3,4]"));
    EQ("[2.5,-0.5,-0.5,-0.5]", IFFT(0), J("[1,2,3,4]"));
    EQ("[3.0,-1.0]", FFT(0), J("[1,2]"), J("[0,5]"));
    EQ("[5.0,-5.0]", FFT(1), J("[1,2]"), J("[0,5]"));
    EQ("[7.0]", FFT(0), J("[7]"));
    EQ("[]", FFT(1), J("[]"));
    for (int n = 1; n < 40; n++) {
        rtq__cell in = J("[0]");
        char text[512];
        size_t at = 0;
        for (int i = 0; i < n; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%d", i ? "," : "[", i * i % 11);
        snprintf(text + at, sizeof text - at, "]");
        in = J(text);
        rtq__cell re = J(FX(f, "__series_fft_nth", "const long, dynamic, [dynamic]", FX_L(0), in)),
                  im = J(FX(f, "__series_fft_nth", "const long, dynamic, [dynamic]", FX_L(1), in));
        for (int i = 0; i < n; i++) {
            char *back = strdup(FX(f, "__series_ifft_nth", "const long, dynamic, [dynamic]", FX_L(0), re, im)),
                 *item = back + 1;
            for (int k = 0; k < i; k++)
                item = strchr(item, ',') + 1;
            cr_expect(fabs(atof(item) - i * i % 11) < 1e-12, "%d of %d: %s", i, n, back);
            free(back);
        }
    }
    EQ("null", FFT(0), J("[1,2]"), J("[1]"));
    EQ("null", FFT(0), J("[1,2]"), J("[1,null]"));
    EQ("null", FFT(0), J("[1,\"2\"]"));
    EQ("null", FFT(0), J("{\"a\":1}"));
    EQ("null", FFT(2), J("[1,2]"));
}

Test(fn_series, sketches)
{
    rtq__cell h = J("[[1024,14],[\"1\",\"2\",\"3\"],[]]"), t = J("[[7],[1.0,2.0],[1,2]]");
    EQ("3", "dcount_hll", "dynamic", h);
    EQ("3", "dcount_hll", "dynamic", J("[[1024,14],[\"1\",\"3\",\"2\",\"2\"],[]]"));
    EQ("null", "dcount_hll", "dynamic", J("[[1024,99],[],[]]"));
    EQ("null", "dcount_hll", "dynamic", J("[[1024,14],[\"1\"],[1,2,3]]"));
    EQ("2.0", "percentile_tdigest", "dynamic, real", t, FX_R(50));
    EQ("[1.0,2.0]", "percentiles_array_tdigest", TWO, t, J("[10,100]"));
    EQ("1.0", "rank_tdigest", "dynamic, any", t, FX_R(1.5));
    EQ("100.0", "percentrank_tdigest", "dynamic, any", t, FX_R(2));
    EQ("[[7],[1.0,2.0,5.0],[1,2,9]]", "merge_tdigest", "dynamic, dynamic...", t, J("[[7],[5.0],[9]]"));
    EQ("null", "percentile_tdigest", "dynamic, real", J("[[7],[\"x\"],[1]]"), FX_R(50));
}
