using System.Runtime.CompilerServices;

namespace Compat.Torch.Training;

/// <summary>Notes about an exception that is on its way out of a step. The exception itself stays as it is.</summary>
/// <remarks>
/// Notes are taken in exception filters, innermost first, so that nothing has to be kept up to date while all goes well:
/// <code>catch (Exception exception) when (StepFailure.Mark(exception, "update")) { throw; }</code>
/// </remarks>
public static class StepFailure
{
    // By the exception object: notes end with it.
    private static readonly ConditionalWeakTable<Exception, Notes> Known = [];

    /// <summary>Notes in which part of a step an exception was thrown, unless that is known already.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="stage">The part, for example <c>backward</c> or <c>update</c>.</param>
    /// <returns>Always <see langword="false"/>, so that a filter lets the exception go on.</returns>
    public static bool Mark(Exception exception, string stage)
    {
        Known.GetOrCreateValue(exception).Stage ??= stage;
        return false;
    }

    /// <summary>Gets the part of the step that was noted.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The part; <see langword="null"/> if none was noted.</returns>
    internal static string? StageOf(Exception exception) => Known.TryGetValue(exception, out Notes? notes) ? notes.Stage : null;

    /// <summary>Tells whether an exception is still to be reported, the first time it is asked.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Whether this is the first time.</returns>
    internal static bool TryClaim(Exception exception)
    {
        Notes notes = Known.GetOrCreateValue(exception);
        bool isFirst = !notes.IsReported;
        notes.IsReported = true;
        return isFirst;
    }

    private sealed class Notes
    {
        public string? Stage { get; set; }

        public bool IsReported { get; set; }
    }
}
