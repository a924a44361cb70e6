using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>One process's copy of a model that several processes train: it starts as process 0's, and its gradients become the mean over all processes.</summary>
/// <remarks>
/// <para>TorchSharp has no hooks at tensors, so gradients are averaged when somebody asks, not while backward runs. What has a gradient in which process goes along: a
/// parameter that has one in some processes only counts as zero in the others, and one that has none anywhere keeps none.</para>
/// <para>All processes make the same calls in the same order. Source: PyTorch <c>DistributedDataParallel</c>.</para>
/// </remarks>
[HoldsTensors("owner: the model")]
public sealed class ModelReplica
{
    private readonly ICollectives collectives;
    private readonly nn.Module module;
    private readonly bool findUnusedParameters;
    private readonly Dictionary<Parameter, string> names;

    /// <summary>Checks that the model is the same in all processes, and gives all of them the parameters and buffers of process 0.</summary>
    /// <param name="module">The model, on its device. Borrowed.</param>
    /// <param name="collectives">What the processes do together.</param>
    /// <param name="findUnusedParameters">
    /// Whether trainable parameters may lack a gradient, in some processes or in all. The default is <see langword="false"/>: it is an error in all processes.
    /// </param>
    /// <exception cref="InvalidOperationException">The models of two processes differ in a name, a type or a shape. All processes throw it.</exception>
    public ModelReplica(nn.Module module, ICollectives collectives, bool findUnusedParameters = false)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(collectives);
        this.module = module;
        this.collectives = collectives;
        this.findUnusedParameters = findUnusedParameters;
        names = new(module.named_parameters().Select(entry => KeyValuePair.Create(entry.parameter, entry.name)), ReferenceEqualityComparer.Instance);
        if (HasPeers)
        {
            ReplicaCheck.Run(module, collectives);
            Broadcast(module.parameters());
            BroadcastBuffers();
        }
    }

    /// <summary>Gets how often gradients were averaged.</summary>
    public long AverageCount { get; private set; }

    /// <summary>Gets whether gradients were averaged since an optimizer that this replica watches made its last step.</summary>
    private bool IsAveraged { get; set; }

    private bool HasPeers => collectives.Rank.WorldSize > 1;

    /// <summary>Makes the gradients of parameters the mean over all processes.</summary>
    /// <param name="parameters">The parameters, the same in all processes and in the same order. Borrowed.</param>
    /// <exception cref="InvalidOperationException">
    /// A trainable parameter has no gradient in some process, and that is not allowed. All processes throw it, and no gradient has changed.
    /// </exception>
    public void Average(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        AverageCount++;
        IsAveraged = true;
        if (!HasPeers)
        {
            return;
        }

        using IDisposable guard = no_grad();
        Parameter[] trainable = [.. parameters.Where(parameter => parameter.requires_grad)];
        int[] counts = CountGradients(trainable);
        CheckUnused(trainable, counts);
        Parameter[] used = [.. trainable.Where((_, i) => counts[i] > 0)];
        foreach (Parameter parameter in used.Where(parameter => parameter.grad is null))
        {
            parameter.grad = zeros_like(parameter).DetachFromDisposeScope();
        }

        TensorBuckets.Average([.. used.Select(parameter => parameter.grad!)], collectives);
    }

    /// <summary>Gives all processes the buffers of process 0.</summary>
    public void BroadcastBuffers()
    {
        if (HasPeers)
        {
            Broadcast(module.buffers());
        }
    }

    /// <summary>
    /// Lets an optimizer average the gradients of its parameters before each step, unless <see cref="Average"/> was called since its last step: for models that step
    /// by themselves.
    /// </summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    public void AverageBeforeStep(Optim.FusedOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        optimizer.BeforeStep = () =>
        {
            if (!IsAveraged)
            {
                Average(optimizer.parameters().Cast<Parameter>());
            }

            IsAveraged = false;
        };
    }

    private void Broadcast(IEnumerable<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            collectives.Broadcast(tensor);
        }
    }

    // Counted on the host: whether there is a gradient is no value of a tensor.
    private int[] CountGradients(Parameter[] parameters)
    {
        using Tensor counts = tensor([.. parameters.Select(parameter => parameter.grad is null ? 0 : 1)], int32);
        collectives.AllReduce(counts);
        return counts.data<int>().ToArray();
    }

    private void CheckUnused(Parameter[] parameters, int[] counts)
    {
        int size = collectives.Rank.WorldSize;
        if (findUnusedParameters || Array.TrueForAll(counts, count => count == size))
        {
            return;
        }

        string[] unused =
        [
            .. parameters.Index().Where(entry => counts[entry.Index] < size)
                .Select(entry => $"{names.GetValueOrDefault(entry.Item, "a parameter outside the model")} (in {size - counts[entry.Index]} of {size} processes)"),
        ];
        throw new InvalidOperationException(
            $"Trainable parameters got no gradient: {string.Join(", ", unused)}. With FindUnusedParameters = false each of them takes part in each update. Set "
            + "FindUnusedParameters = true, let the loss depend on them, or set requires_grad = false.");
    }
}
