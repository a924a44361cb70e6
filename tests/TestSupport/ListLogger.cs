using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;

namespace Compat.TestSupport;

/// <summary>A logger that keeps its messages.</summary>
public sealed class ListLogger : ILogger
{
    private readonly List<(LogLevel Level, EventId Id, string Text)> entries = [];

    public IReadOnlyList<string> Lines => entries.ConvertAll(entry => entry.Text);

    public IReadOnlyList<string> Warnings => [.. entries.Where(entry => entry.Level == LogLevel.Warning).Select(entry => entry.Text)];

    public IReadOnlyList<LogLevel> Levels => entries.ConvertAll(entry => entry.Level);

    /// <summary>Gets the lines that the originals do not have, with their event ids.</summary>
    public IReadOnlyList<(int Id, string Text)> Ours => [.. entries.Where(entry => CompatEvents.IsOurs(entry.Id)).Select(entry => (entry.Id.Id, entry.Text))];

    /// <summary>Gets the lines that say that a training changes nothing, or not all that it should. A training that is right has none.</summary>
    public IReadOnlyList<string> DoubtsAboutTraining => [.. Ours.Where(line => line.Id is > 9060 and < 9070).Select(line => line.Text)];

    /// <summary>Gets the lines without those that the originals do not have.</summary>
    public IReadOnlyList<string> LinesOfTheOriginals => [.. entries.Where(entry => !CompatEvents.IsOurs(entry.Id)).Select(entry => entry.Text)];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        entries.Add((logLevel, eventId, formatter(state, exception)));
}
