/* fn_unit.c - convert_angle, convert_energy … : a value from one unit to another. Units that are not known give null. */
#include <math.h>
#include "fn/families.h"

#define PI 3.14159265358979323846

/* One of the unit is num / den of the base unit (temperatures: num * x + den kelvin). Kept apart, so that most conversions round
 * once. */
typedef struct unit {
    const char *name;
    double num, den;
} unit;

static const unit angles[] = {
    {"Arcminute", 1, 60},
    {"Arcsecond", 1, 3600},
    {"Centiradian", 180, PI * 100},
    {"Deciradian", 180, PI * 10},
    {"Degree", 1, 1},
    {"Gradian", 0.9, 1},
    {"Microdegree", 1, 1e6},
    {"Microradian", 180, PI * 1e6},
    {"Millidegree", 1, 1e3},
    {"Milliradian", 180, PI * 1e3},
    {"Nanodegree", 1, 1e9},
    {"Nanoradian", 180, PI * 1e9},
    {"NatoMil", 360, 6400},
    {"Radian", 180, PI * 1},
    {"Revolution", 360, 1},
    {"Tilt", 0, 1},
};

static const unit energys[] = {
    {"BritishThermalUnit", 1055.05585262, 1},
    {"Calorie", 4.184, 1},
    {"DecathermEc", 1055055852.62, 1},
    {"DecathermImperial", 1055055852.57348, 1},
    {"DecathermUs", 1054804000, 1},
    {"ElectronVolt", 1.602176565e-19, 1},
    {"Erg", 1, 1e7},
    {"FootPound", 1.355817948, 1},
    {"GigabritishThermalUnit", 1055.05585262e9, 1},
    {"GigaelectronVolt", 1.602176565e-10, 1},
    {"Gigajoule", 1e9, 1},
    {"GigawattDay", 86400e9, 1},
    {"GigawattHour", 3600e9, 1},
    {"HorsepowerHour", 2.6845195377e6, 1},
    {"Joule", 1, 1},
    {"KilobritishThermalUnit", 1055055.85262, 1},
    {"Kilocalorie", 4184, 1},
    {"KiloelectronVolt", 1.602176565e-16, 1},
    {"Kilojoule", 1e3, 1},
    {"KilowattDay", 86400e3, 1},
    {"KilowattHour", 3600e3, 1},
    {"MegabritishThermalUnit", 1055055852.62, 1},
    {"Megacalorie", 4184e3, 1},
    {"MegaelectronVolt", 1.602176565e-13, 1},
    {"Megajoule", 1e6, 1},
    {"MegawattDay", 86400e6, 1},
    {"MegawattHour", 3600e6, 1},
    {"Millijoule", 1, 1e3},
    {"TeraelectronVolt", 1.602176565e-7, 1},
    {"TerawattDay", 86400e12, 1},
    {"TerawattHour", 3600e12, 1},
    {"ThermEc", 105505585.262, 1},
    {"ThermImperial", 105505585.257348, 1},
    {"ThermUs", 105480400, 1},
    {"WattDay", 86400, 1},
    {"WattHour", 3600, 1},
};

static const unit forces[] = {
    {"Decanewton", 10, 1},
    {"Dyn", 1, 1e5},
    {"KiloPond", 9.80665, 1},
    {"KilogramForce", 9.80665, 1},
    {"Kilonewton", 1e3, 1},
    {"KilopoundForce", 4448.2216152605, 1},
    {"Meganewton", 1e6, 1},
    {"Micronewton", 1, 1e6},
    {"Millinewton", 1, 1e3},
    {"Newton", 1, 1},
    {"OunceForce", 0.27801385095378125, 1},
    {"PoundForce", 4.4482216152605, 1},
    {"Poundal", 0.138254954376, 1},
    {"ShortTonForce", 8896.443230521, 1},
    {"TonneForce", 9806.65, 1},
};

static const unit lengths[] = {
    {"Angstrom", 1, 1e10},
    {"AstronomicalUnit", 1.495978707e11, 1},
    {"Centimeter", 1, 100},
    {"Chain", 20.1168, 1},
    {"DataMile", 1828.8, 1},
    {"Decameter", 10, 1},
    {"Decimeter", 1, 10},
    {"DtpPica", 0.0254, 6},
    {"DtpPoint", 0.0254, 72},
    {"Fathom", 1.8288, 1},
    {"Foot", 0.3048, 1},
    {"Hand", 0.1016, 1},
    {"Hectometer", 100, 1},
    {"Inch", 0.0254, 1},
    {"KilolightYear", 9.46073047258e18, 1},
    {"Kilometer", 1e3, 1},
    {"Kiloparsec", 3.08567758128e19, 1},
    {"LightYear", 9.46073047258e15, 1},
    {"MegalightYear", 9.46073047258e21, 1},
    {"Megaparsec", 3.08567758128e22, 1},
    {"Meter", 1, 1},
    {"Microinch", 0.0254, 1e6},
    {"Micrometer", 1, 1e6},
    {"Mil", 0.0254, 1e3},
    {"Mile", 1609.344, 1},
    {"Millimeter", 1, 1e3},
    {"Nanometer", 1, 1e9},
    {"NauticalMile", 1852, 1},
    {"Parsec", 3.08567758128e16, 1},
    {"PrinterPica", 1, 237.106301584},
    {"PrinterPoint", 0.0254, 72.27},
    {"Shackle", 27.432, 1},
    {"SolarRadius", 6.9551e8, 1},
    {"Twip", 0.0254, 1440},
    {"UsSurveyFoot", 1200, 3937},
    {"Yard", 0.9144, 1},
};

static const unit masss[] = {
    {"Centigram", 1, 1e5},
    {"Decagram", 1, 100},
    {"Decigram", 1, 1e4},
    {"EarthMass", 5.9722e24, 1},
    {"Grain", 6.479891e-5, 1},
    {"Gram", 1, 1e3},
    {"Hectogram", 1, 10},
    {"Kilogram", 1, 1},
    {"Kilopound", 453.59237, 1},
    {"Kilotonne", 1e6, 1},
    {"LongHundredweight", 50.80234544, 1},
    {"LongTon", 1016.0469088, 1},
    {"Megapound", 453592.37, 1},
    {"Megatonne", 1e9, 1},
    {"Microgram", 1, 1e9},
    {"Milligram", 1, 1e6},
    {"Nanogram", 1, 1e12},
    {"Ounce", 0.028349523125, 1},
    {"Pound", 0.45359237, 1},
    {"ShortHundredweight", 45.359237, 1},
    {"ShortTon", 907.18474, 1},
    {"Slug", 1, 6.852176556196105e-2},
    {"SolarMass", 1.98947e30, 1},
    {"Stone", 6.35029318, 1},
    {"Tonne", 1e3, 1},
};

static const unit speeds[] = {
    {"CentimeterPerHour", 1, 100 * 3600},
    {"CentimeterPerMinute", 1, 100 * 60},
    {"CentimeterPerSecond", 1, 100},
    {"DecimeterPerMinute", 1, 10 * 60},
    {"DecimeterPerSecond", 1, 10},
    {"FootPerHour", 0.3048, 3600},
    {"FootPerMinute", 0.3048, 60},
    {"FootPerSecond", 0.3048, 1},
    {"InchPerHour", 0.0254, 3600},
    {"InchPerMinute", 0.0254, 60},
    {"InchPerSecond", 0.0254, 1},
    {"KilometerPerHour", 1000, 3600},
    {"KilometerPerMinute", 1000, 60},
    {"KilometerPerSecond", 1000, 1},
    {"Knot", 0.514444, 1},
    {"MeterPerHour", 1, 3600},
    {"MeterPerMinute", 1, 60},
    {"MeterPerSecond", 1, 1},
    {"MicrometerPerMinute", 1, 1e6 * 60},
    {"MicrometerPerSecond", 1, 1e6},
    {"MilePerHour", 1609.344, 3600},
    {"MillimeterPerHour", 1, 1e3 * 3600},
    {"MillimeterPerMinute", 1, 1e3 * 60},
    {"MillimeterPerSecond", 1, 1e3},
    {"NanometerPerMinute", 1, 1e9 * 60},
    {"NanometerPerSecond", 1, 1e9},
    {"UsSurveyFootPerHour", 1200, 3937 * 3600},
    {"UsSurveyFootPerMinute", 1200, 3937 * 60},
    {"UsSurveyFootPerSecond", 1200, 3937},
    {"YardPerHour", 0.9144, 3600},
    {"YardPerMinute", 0.9144, 60},
    {"YardPerSecond", 0.9144, 1},
};

static const unit temperatures[] = {
    {"DegreeCelsius", 1, 273.15},
    {"DegreeDelisle", -2.0 / 3, 373.15},
    {"DegreeFahrenheit", 5.0 / 9, 459.67 * 5 / 9},
    {"DegreeNewton", 100.0 / 33, 273.15},
    {"DegreeRankine", 5.0 / 9, 0},
    {"DegreeReaumur", 1.25, 273.15},
    {"DegreeRoemer", 40.0 / 21, 273.15 - 7.5 * 40 / 21},
    {"Kelvin", 1, 0},
    {"MillidegreeCelsius", 1e-3, 273.15},
    {"SolarTemperature", 5778, 0},
};

static const unit volumes[] = {
    {"AcreFoot", 1, 0.000810714},
    {"AuTablespoon", 2e-5, 1},
    {"BoardFoot", 0.00235973721600, 1},
    {"Centiliter", 1, 1e5},
    {"CubicCentimeter", 1, 1e6},
    {"CubicDecimeter", 1, 1e3},
    {"CubicFoot", 0.028316846592, 1},
    {"CubicHectometer", 1e6, 1},
    {"CubicInch", 1.6387064e-5, 1},
    {"CubicKilometer", 1e9, 1},
    {"CubicMeter", 1, 1},
    {"CubicMicrometer", 1, 1e18},
    {"CubicMile", 4.168181825440579584e9, 1},
    {"CubicMillimeter", 1, 1e9},
    {"CubicYard", 0.764554857984, 1},
    {"Decaliter", 1, 100},
    {"DecausGallon", 0.03785411784, 1},
    {"Deciliter", 1, 1e4},
    {"DeciusGallon", 0.0003785411784, 1},
    {"HectocubicFoot", 2.8316846592, 1},
    {"HectocubicMeter", 100, 1},
    {"Hectoliter", 1, 10},
    {"HectousGallon", 0.3785411784, 1},
    {"ImperialBeerBarrel", 0.16365924, 1},
    {"ImperialGallon", 0.00454609, 1},
    {"ImperialOunce", 2.84130625e-5, 1},
    {"ImperialPint", 5.6826125e-4, 1},
    {"KilocubicFoot", 28.316846592, 1},
    {"KilocubicMeter", 1e3, 1},
    {"KiloimperialGallon", 4.54609, 1},
    {"Kiloliter", 1, 1},
    {"KilousGallon", 3.785411784, 1},
    {"Liter", 1, 1e3},
    {"MegacubicFoot", 28316.846592, 1},
    {"MegaimperialGallon", 4546.09, 1},
    {"Megaliter", 1e3, 1},
    {"MegausGallon", 3785.411784, 1},
    {"MetricCup", 0.00025, 1},
    {"MetricTeaspoon", 5e-6, 1},
    {"Microliter", 1, 1e9},
    {"Milliliter", 1, 1e6},
    {"OilBarrel", 0.158987294928, 1},
    {"UkTablespoon", 1.5e-5, 1},
    {"UsBeerBarrel", 0.1173477658, 1},
    {"UsCustomaryCup", 0.0002365882365, 1},
    {"UsGallon", 0.003785411784, 1},
    {"UsLegalCup", 0.00024, 1},
    {"UsOunce", 2.95735295625e-5, 1},
    {"UsPint", 4.73176473e-4, 1},
    {"UsQuart", 9.46352946e-4, 1},
    {"UsTablespoon", 1.478676478125e-5, 1},
    {"UsTeaspoon", 4.92892159375e-6, 1},
};

enum { ANGLE, ENERGY, FORCE, LENGTH, MASS, SPEED, TEMPERATURE, VOLUME };
#define TABLE(t)                  \
    {                             \
        t, sizeof t / sizeof t[0] \
    }
static const struct {
    const unit *units;
    size_t n;
} tables[] = {TABLE(angles), TABLE(energys), TABLE(forces),       TABLE(lengths),
              TABLE(masss),  TABLE(speeds),  TABLE(temperatures), TABLE(volumes)};

static const unit *find(intptr_t table, const rtq__cell *name)
{
    for (size_t i = 0; i < tables[table].n; i++) {
        const unit *u = &tables[table].units[i];
        if (strlen(u->name) == name->len && memcmp(u->name, name->u.s, name->len) == 0)
            return u;
    }
    return NULL;
}

static void row_convert(rtq__cell *out, const rtq__cell *args, uint32_t n_args, rtq__rowctx *ctx)
{
    (void)n_args;
    intptr_t table = ctx->fn->tag;
    const unit *from = find(table, &args[1]), *to = find(table, &args[2]);
    double x = args[0].u.d;
    if (!from || !to)
        return;
    if (from == to)
        ;
    else if (table == TEMPERATURE)
        x = (x * from->num + from->den - to->den) / to->num;
    else if (from->num == 0) /* tilt: the sine of the angle */
        x = asin(x) * 180 / PI * to->den / to->num;
    else if (to->num == 0)
        x = sin(x * from->num / from->den / 180 * PI);
    else
        x = x * from->num / from->den * to->den / to->num;
    *out = rtq__cell_d(x);
}

#define CONVERT(what, table)                                                                                      \
    {                                                                                                             \
        .name = "convert_" what, .args = "real, string, string", .ret = "real", .row = row_convert, .tag = table, \
        .doc = "a value in another unit", .page = "convert-" what "-function"                                     \
    }

const rtq__fn rtq__fns_unit[] = {
    CONVERT("angle", ANGLE),
    CONVERT("energy", ENERGY),
    CONVERT("force", FORCE),
    CONVERT("length", LENGTH),
    CONVERT("mass", MASS),
    CONVERT("speed", SPEED),
    CONVERT("temperature", TEMPERATURE),
    CONVERT("volume", VOLUME),
};
RTQ__FAMILY_COUNT(unit)
