namespace Compat.Torch.Serialization;

/// <summary>Python's <c>None</c>.</summary>
public sealed record PthNone : PthValue
{
    private PthNone()
    {
    }

    /// <summary>Gets the only one.</summary>
    public static PthNone Value { get; } = new();
}
