# Times, in short and exactly.

# $month (Number) - 1 to 12
clock-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[other] December
}
# $month (Number) - 1 to 12
clock-month-short = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[other] Dec
}
# $day (Number) - 1 for Monday to 7 for Sunday
clock-weekday = { $day ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[other] Sun
}
# How hours are counted: 24-hour clock, or 12-hour clock
clock-system = 24-hour clock
# $half (Number) - 0 before noon, 1 after it
# $hour (String) - the hour as it is counted in this language
# $minute (String) - 00 to 59
clock-time = { $half ->
   *[other] { $hour }:{ $minute }
}
# $year (Number) - the year
# $month (String) - the short name of the month
# $day (Number) - the day of the month
clock-date = { $day } { $month } { $year }
# $month (String) - the short name of the month
# $day (Number) - the day of the month
# $time (String) - the time of the day
clock-day-time = { $day } { $month }, { $time }
# $year (String) - the year
# $month (String) - the short name of the month
# $day (String) - the day of the month
# $weekday (String) - the short name of the day
# $time (String) - the time of the day
clock-exact = { $weekday } { $day } { $month } { $year }, { $time }
# $time (String) - date and time
# $zone (String) - the name of the time zone
clock-in-zone = { $time } ({ $zone })
# $year (Number) - the year
# $month (String) - the name of the month
clock-month-of = { $month } { $year }

clock-zone = Time zone
# $zone (String) - the name of the server’s time zone
clock-zone-server = The server’s time zone ({ $zone })
clock-zone-hint = Used for times and for the dates in your chat list.
# $time (String) - date and time
clock-zone-example = The time is now { $time }.
clock-zone-unknown = This time zone does not exist. Choose one from the list.
