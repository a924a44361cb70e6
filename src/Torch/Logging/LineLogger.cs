using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Compat.Torch.Logging;

/// <summary>A logger that writes one line per message, as the loggers of both originals do: <c>time - name - LEVEL - message</c>.</summary>
/// <param name="name">The name printed in every line.</param>
/// <param name="writers">Where the lines go, for example the console and a file. Borrowed; each line is flushed.</param>
/// <param name="level">The lowest level that is written. The default is <see cref="LogLevel.Information"/>.</param>
/// <param name="time">The clock of the time stamps; <see langword="null"/> for the system's.</param>
public sealed class LineLogger(string name, IReadOnlyList<TextWriter> writers, LogLevel level = LogLevel.Information, TimeProvider? time = null)
    : ILogger
{
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly Lock gate = new();

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= level && logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (!IsEnabled(logLevel))
        {
            return;
        }

        string stamp = time.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss,fff", CultureInfo.InvariantCulture);
        string line = $"{stamp} - {name} - {Word(logLevel)} - {formatter(state, exception)}";
        lock (gate)
        {
            foreach (TextWriter writer in writers)
            {
                writer.WriteLine(line);
                if (exception is not null)
                {
                    writer.WriteLine(exception);
                }

                writer.Flush();
            }
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Information => "INFO",
        _ => level.ToString().ToUpperInvariant(),
    };
}
