namespace Compat.Adapters.Equivalence;

/// <summary>What is kept of a tensor.</summary>
public enum SnapshotContent
{
    /// <summary>Every element: a difference is shown with both values.</summary>
    Full,

    /// <summary>Type, shape and SHA-256 of the elements: 32 bytes per tensor, enough to see whether there is a difference.</summary>
    Hash,
}
