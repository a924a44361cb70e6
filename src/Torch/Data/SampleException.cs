namespace Compat.Torch.Data;

/// <summary>A dataset could not give a sample. The cause is the inner exception.</summary>
public sealed class SampleException : Exception
{
    /// <summary>Makes the exception without details.</summary>
    public SampleException()
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong.</param>
    public SampleException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public SampleException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal SampleException(Dataset dataset, int index, Exception cause)
        : base($"{dataset.GetType().Name} could not give sample {index}: {cause.Message}", cause) => Index = index;

    /// <summary>Gets the position of the sample in its dataset.</summary>
    /// <value>-1 if it is not known.</value>
    public int Index { get; } = -1;
}
