using Compat.Torch.Distributed;
using Microsoft.Extensions.Logging;

namespace Compat.Torch.Logging;

/// <summary>Passes errors on and nothing else: the log of a process whose rank is not 0.</summary>
/// <param name="logger">Where errors go.</param>
public sealed class ErrorsOnly(ILogger logger) : ILogger
{
    /// <summary>Gives process 0 its logger, and the others one that passes errors only.</summary>
    /// <param name="logger">The logger.</param>
    /// <param name="rank">Which process this is.</param>
    /// <returns>The logger itself for process 0.</returns>
    public static ILogger OnOtherRanks(ILogger logger, ProcessRank rank) => rank.Rank == 0 ? logger : new ErrorsOnly(logger);

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error && logger.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
