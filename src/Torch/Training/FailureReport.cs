using System.Globalization;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Writes one line about where a run stood when an exception was thrown, and lets the exception go on as it is.</summary>
/// <remarks>
/// The line is written in an exception filter, which runs before the scope of the iteration ends: the tensors of the batch are still there. An exception
/// that passes several reports, for example of a runner inside a hook of another one, is reported by the innermost.
/// </remarks>
/// <param name="logger">Where the line goes.</param>
/// <param name="context">Tells where the run stands. Called only when something fails.</param>
/// <param name="collectives">
/// The processes that train together; <see langword="null"/>, the default, for this one alone. If this process has failed and the others do not come to fail too, all
/// are ended, because they would wait for it for ever.
/// </param>
public sealed class FailureReport(ILogger logger, Func<FailureContext> context, ICollectives? collectives = null)
{
    /// <summary>Goes over iterations and reports an exception that is thrown inside one.</summary>
    /// <typeparam name="T">What each iteration yields.</typeparam>
    /// <param name="iterations">The iterations.</param>
    /// <returns>The same, one for one.</returns>
    public IEnumerable<T> Watch<T>(IEnumerable<T> iterations)
    {
        ArgumentNullException.ThrowIfNull(iterations);
        using IEnumerator<T> enumerator = iterations.GetEnumerator();
        while (Advance(enumerator))
        {
            yield return enumerator.Current;
        }
    }

    /// <summary>Does something, such as calling hooks before the first iteration, and reports an exception that it throws.</summary>
    /// <param name="action">What to do.</param>
    public void Watch(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        try
        {
            action();
        }
        catch (Exception exception) when (Log(exception))
        {
            throw;                                                    // never reached: the filter only writes the line
        }
    }

    /// <summary>Writes the line, once per exception. Made for filters: <c>catch (Exception exception) when (report.Log(exception))</c>.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Always <see langword="false"/>, so that the exception goes on.</returns>
    public bool Log(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (StepFailure.TryClaim(exception))
        {
            CompatEvents.Write(logger, LogLevel.Error, CompatEvents.StepFailed, Describe(exception, context()));
            EndOthers(exception);
        }

        return false;
    }

    private void EndOthers(Exception exception)
    {
        if (collectives is { Rank.WorldSize: > 1 } && !collectives.HaveAllFailed(ICollectives.Patience))
        {
            collectives.Abort($"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private static string Describe(Exception exception, FailureContext at)
    {
        string batch = at.Batch is null ? string.Empty : $" The batch is a {Describe(at.Batch)}.{Describe(at.Module)}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Stopped by {exception.GetType().Name}: side {at.Side}, model {at.Model}, epoch {at.Epoch} and iteration {at.Iteration} (counted from 0), "
            + $"stage {Stage(exception, at)}.{batch}");
    }

    private static string Stage(Exception exception, FailureContext at) => (StepFailure.StageOf(exception), at.Hook) switch
    {
        ({ } part, { } hook) => $"{part} in hook {hook}",
        ({ } part, null) => part,
        (null, { } hook) => $"hook {hook}",
        _ => at.Step ?? "between iterations",
    };

    // A batch type of a user's may throw anything; the report is about another exception.
    private static string Describe(DataBatch batch)
    {
        try
        {
            return BatchDescription.Of(batch);
        }
        catch (Exception unreadable)
        {
            return $"{batch.GetType().Name}, whose fields cannot be read ({unreadable.GetType().Name})";
        }
    }

    // So that a batch of another type or device than the model's is found at a glance.
    private static string Describe(nn.Module? model)
    {
        string[] kinds =
        [
            .. (model?.parameters() ?? [])
                .Where(parameter => !parameter.IsInvalid)
                .Select(parameter => $"{parameter.dtype.ToString().ToLowerInvariant()} {parameter.device}")
                .Distinct(),
        ];
        return kinds.Length == 0 ? string.Empty : $" The model's parameters are {string.Join(", ", kinds)}.";
    }

    private bool Advance<T>(IEnumerator<T> enumerator)
    {
        try
        {
            return enumerator.MoveNext();
        }
        catch (Exception exception) when (Log(exception))
        {
            throw;                                                    // never reached: the filter only writes the line
        }
    }
}
