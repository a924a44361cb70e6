namespace Compat.Torch.Training;

/// <summary>A loss was NaN or infinite.</summary>
public sealed class NonFiniteLossException : InvalidOperationException
{
    /// <summary>Makes the exception without details.</summary>
    public NonFiniteLossException()
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which term, when, and what to do.</param>
    public NonFiniteLossException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which term, when, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public NonFiniteLossException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
