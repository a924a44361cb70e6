namespace Compat.Adapters.Equivalence;

/// <summary>What is compared in each iteration, in the order in which a difference usually spreads.</summary>
public enum Observation
{
    /// <summary>Which samples the batch has.</summary>
    BatchIndices,

    /// <summary>The learning rate of the update.</summary>
    LearningRate,

    /// <summary>The loss that was trained on.</summary>
    Loss,

    /// <summary>The log values of the iteration alone.</summary>
    LogValues,

    /// <summary>The parameters after the update.</summary>
    Weights,

    /// <summary>The buffers after the iteration.</summary>
    Buffers,
}
