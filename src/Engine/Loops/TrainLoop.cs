using Compat.Engine.Model;
using Compat.Torch.Data;

namespace Compat.Engine.Loops;

/// <summary>What decides which batches the model is trained on, and when it is validated.</summary>
/// <remarks>
/// The interior of a loop is an iterator that yields after each iteration, so that several runners can be advanced in turn. Source: MMEngine
/// <c>BaseLoop</c>.
/// </remarks>
public abstract class TrainLoop
{
    /// <summary>Makes a loop.</summary>
    /// <param name="runner">The runner that the loop belongs to.</param>
    /// <param name="dataloader">The batches.</param>
    protected TrainLoop(Runner runner, BatchLoader dataloader)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(dataloader);
        Runner = runner;
        Dataloader = dataloader;
    }

    /// <summary>Gets the batches.</summary>
    public BatchLoader Dataloader { get; }

    /// <summary>Gets how many epochs are trained.</summary>
    public abstract int MaxEpochs { get; }

    /// <summary>Gets how many iterations are trained.</summary>
    public abstract int MaxIters { get; }

    /// <summary>Gets how far training has come.</summary>
    public TrainingProgress Progress { get; } = new();

    /// <summary>Gets or sets whether training ends before its time; a hook may set it.</summary>
    public bool StopTraining { get; set; }

    /// <summary>Gets the runner that the loop belongs to.</summary>
    protected Runner Runner { get; }

    /// <summary>Gets the model that is trained.</summary>
    protected BaseModel Model => Runner.Model;

    /// <summary>Trains, one iteration of training or validation at each step of the enumeration.</summary>
    /// <returns>The number of finished training iterations, after each iteration of either kind.</returns>
    public abstract IEnumerable<int> Iterations();
}
