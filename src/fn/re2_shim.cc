// re2_shim.cc - the only file that knows RE2.
#include "fn/re2_shim.h"

#include <cstdio>
#include <new>
#include <re2/re2.h>
#include <string>

struct rtq__re {
    RE2 re;
    rtq__re(const re2::StringPiece &pattern, const RE2::Options &options) : re(pattern, options)
    {
    }
};

extern "C" int rtq__re_new(rtq__re **out, const char *pattern, size_t len, int64_t max_mem, char *error,
                           size_t error_cap)
{
    *out = nullptr;
    try {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(max_mem);
        rtq__re *re = new rtq__re(re2::StringPiece(pattern, len), options);
        if (!re->re.ok()) {
            snprintf(error, error_cap, "%s", re->re.error().c_str());
            bool memory = re->re.error_code() == RE2::ErrorInternal;
            delete re;
            return memory ? RTQ_ERR_NOMEM : RTQ_ERR_SYNTAX;
        }
        *out = re;
        return RTQ_OK;
    } catch (const std::bad_alloc &) {
        return RTQ_ERR_NOMEM;
    } catch (...) {
        snprintf(error, error_cap, "internal error");
        return RTQ_ERR_SYNTAX;
    }
}

extern "C" void rtq__re_free(rtq__re *re)
{
    delete re;
}

extern "C" uint32_t rtq__re_groups(const rtq__re *re)
{
    return static_cast<uint32_t>(re->re.NumberOfCapturingGroups());
}

extern "C" int rtq__re_group(const rtq__re *re, const char *name, size_t len)
{
    try {
        const auto &names = re->re.NamedCapturingGroups();
        auto found = names.find(std::string(name, len));
        return found == names.end() ? -1 : found->second;
    } catch (...) {
        return -1;
    }
}

extern "C" int rtq__re_match(const rtq__re *re, const char *text, size_t len, size_t start, rtq__span *spans,
                             uint32_t n_spans)
{
    try {
        re2::StringPiece groups[RTQ__RE_GROUPS];
        uint32_t n = n_spans < RTQ__RE_GROUPS ? n_spans : static_cast<uint32_t>(RTQ__RE_GROUPS);
        bool found = re->re.Match(re2::StringPiece(text, len), start, len, RE2::UNANCHORED, groups,
                                  static_cast<int>(n));
        for (uint32_t i = 0; found && i < n; i++)
            spans[i] = {groups[i].data(), groups[i].size()};
        return found ? 1 : 0;
    } catch (...) {
        return RTQ_ERR_NOMEM;
    }
}
