namespace Compat.Engine;

/// <summary>What comes next in a training.</summary>
public enum TrainingPhase
{
    /// <summary>The next batch, or the next epoch.</summary>
    Training,

    /// <summary>A validation, before training goes on.</summary>
    ValidationDue,

    /// <summary>Training, after a validation whose metrics are computed.</summary>
    ValidationDone,
}
