using Compat.Abandoned.Loaders;
using Compat.Torch.Data;

// Begins passes with workers, ends none of them, and returns while their threads are in libtorch.
List<IEnumerator<DataBatch>> held = [];
for (int i = 0; i < 20; i++)
{
    IEnumerator<DataBatch> pass = new BatchLoader(new BusyDataset(), new() { NumWorkers = 4 }).GetEnumerator();
    pass.MoveNext();
    pass.Current.Dispose();
    if (i % 2 == 0)
    {
        held.Add(pass);                                               // the others may be collected at any time
    }
}

GC.KeepAlive(held);
