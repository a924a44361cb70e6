using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Randomness;

/// <summary>The positions of the random streams of the CPU and of all CUDA devices, captured so that they can be restored exactly.</summary>
/// <remarks>
/// Whoever advances several runners in turn gives each its own streams: restore them before, capture them after each step. A CUDA device is part of it where
/// libtorch lets its generator be read (<see cref="TorchEnvironment.Describe"/> says where it does not). Source: PyTorch <c>get_rng_state</c> and
/// <c>cuda.get_rng_state_all</c>.
/// </remarks>
[HoldsTensors("owner: this object; freed by its Dispose")]
public sealed class RandomState : IDisposable
{
    private readonly StateTensor cpu;
    private readonly StateTensor[] cuda;

    private RandomState(StateTensor cpu, StateTensor[] cuda)
    {
        this.cpu = cpu;
        this.cuda = cuda;
    }

    /// <summary>Gets how many CUDA devices are part of it.</summary>
    public int CudaDevices => cuda.Length;

    /// <summary>Captures the present positions. A GPU need not wait for it.</summary>
    /// <returns>The positions; disposable.</returns>
    public static RandomState Capture()
    {
        TorchEnvironment.EnsureLoaded();
        return new RandomState(Kept(get_rng_state()), [.. Enumerable.Range(0, CudaGenerators.Count).Select(device => Kept(CudaGenerators.State(device)))]);
    }

    /// <summary>Captures the present positions for a checkpoint, as <see cref="ToPth"/> gives them.</summary>
    /// <returns>The positions; tensors are fresh.</returns>
    public static PthDict SaveState()
    {
        TorchEnvironment.EnsureLoaded();
        return Layout(get_rng_state(), Enumerable.Range(0, CudaGenerators.Count).Select(CudaGenerators.State));
    }

    /// <summary>Takes positions out of a checkpoint.</summary>
    /// <param name="state">What <see cref="ToPth"/> returned. Borrowed.</param>
    /// <returns>The positions; disposable.</returns>
    /// <exception cref="PthException">The value is something else.</exception>
    public static RandomState FromPth(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        PthTensor? own = state.TryGetValue("cpu", out PthValue? cpu) ? cpu as PthTensor : null;
        PthTensor?[] devices = state.TryGetValue("cuda", out PthValue? cuda) && cuda is PthSequence list
            ? [.. list.Items.Select(device => device as PthTensor)]
            : [null];
        bool isGood = GeneratorState.IsOfCpu(BytesOf(own)) && Array.TrueForAll(devices, device => GeneratorState.IsOfCuda(BytesOf(device)));
        return isGood
            ? new RandomState(new(own!.Value), [.. devices.Select(device => new StateTensor(device!.Value))])
            : throw new PthException(
                "The value is no random state: 'cpu' must be the bytes of a CPU generator, and 'cuda' a list of those of CUDA generators. Give what "
                + "RandomState.ToPth returned.");
    }

    /// <summary>Gives the positions for a checkpoint, as bytes that PyTorch's <c>set_rng_state</c> takes too.</summary>
    /// <returns><c>cpu</c>, and <c>cuda</c> with one entry for each device. The tensors are borrowed.</returns>
    public PthDict ToPth() => Layout(cpu.Value, cuda.Select(device => device.Value));

    /// <summary>Goes back to the captured positions: the next random numbers are those that followed the capture.</summary>
    /// <remarks>Devices that are not there any more are left out, and devices that were not captured stay where they are.</remarks>
    public void Restore()
    {
        set_rng_state(cpu.Value);
        for (int device = 0; device < Math.Min(cuda.Length, CudaGenerators.Count); device++)
        {
            CudaGenerators.SetState(device, cuda[device].Value);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cpu.Dispose();
        Array.ForEach(cuda, device => device.Dispose());
    }

    private static PthDict Layout(Tensor cpu, IEnumerable<Tensor> cuda) => new()
    {
        ["cpu"] = new PthTensor(cpu),
        ["cuda"] = new PthSequence(PthSequenceKind.List, cuda.Select(state => new PthTensor(state))),
    };

    private static StateTensor Kept(Tensor state)
    {
        using (state)
        {
            return new StateTensor(state);
        }
    }

    private static byte[] BytesOf(PthTensor? state)
    {
        using DisposeScope scope = NewDisposeScope();
        return state is { Value.dtype: ScalarType.Byte } ? state.Value.contiguous().data<byte>().ToArray() : [];
    }
}
