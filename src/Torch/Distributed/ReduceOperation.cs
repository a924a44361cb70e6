namespace Compat.Torch.Distributed;

/// <summary>How values of several processes become one.</summary>
public enum ReduceOperation
{
    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their sum divided by the number of processes.</summary>
    Mean,

    /// <summary>Their largest.</summary>
    Max,

    /// <summary>Their smallest.</summary>
    Min,
}
