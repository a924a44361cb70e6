namespace Compat.Adapters.Diagnostics;

/// <summary>An old trainer, or a part of it, cannot be carried over as it is. All reasons are listed at once.</summary>
public sealed class CompatException : NotSupportedException
{
    /// <summary>Makes the exception without details.</summary>
    public CompatException()
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What cannot be carried over.</param>
    public CompatException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What cannot be carried over.</param>
    /// <param name="innerException">The cause.</param>
    public CompatException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="diagnostics">Everything that cannot be carried over, at least one.</param>
    public CompatException(params IReadOnlyList<CompatDiagnostic> diagnostics)
        : base(string.Join(Environment.NewLine, diagnostics)) => Diagnostics = diagnostics;

    /// <summary>Gets everything that cannot be carried over.</summary>
    public IReadOnlyList<CompatDiagnostic> Diagnostics { get; } = [];

    /// <summary>Throws if there is anything to report.</summary>
    /// <param name="found">What was found; <see langword="null"/> where all is well.</param>
    /// <exception cref="CompatException">There is at least one diagnostic.</exception>
    internal static void ThrowIfAny(IEnumerable<CompatDiagnostic?> found)
    {
        CompatDiagnostic[] diagnostics = [.. found.OfType<CompatDiagnostic>()];
        if (diagnostics.Length > 0)
        {
            throw new CompatException(diagnostics);
        }
    }
}
