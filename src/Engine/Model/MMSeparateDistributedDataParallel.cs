using Compat.Torch.Distributed;

namespace Compat.Engine.Model;

/// <summary>Lets several processes train one model that has several networks with an optimizer each, such as a GAN.</summary>
/// <remarks>
/// MMEngine's wraps each child of the model by itself, because a network that has no turn must not wait for gradients, and leaves frozen children and the model's own
/// parameters to drift apart between the processes. Here each wrapper of an <see cref="Optim.OptimWrapperDict"/> averages the gradients of its own parameters, and the
/// whole model starts the same everywhere, so this differs from <see cref="MMDistributedDataParallel"/> by the default of its options only. Source: MMEngine
/// <c>MMSeparateDistributedDataParallel</c>.
/// </remarks>
/// <param name="module">The model, on its device. Borrowed.</param>
/// <param name="collectives">What the processes do together.</param>
/// <param name="options">The settings; <see langword="null"/>, the default, for the default ones.</param>
public class MMSeparateDistributedDataParallel(BaseModel module, ICollectives collectives, MMSeparateDistributedDataParallelOptions? options = null)
    : MMDistributedDataParallel(module, collectives, options ?? new());
